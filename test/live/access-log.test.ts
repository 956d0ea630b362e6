import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startSupervisor } from '../../src/local/supervisor.ts';

// The log of a whole mesh, as Telemetries want it.

const MESH = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec: {containers: [{name: hello, image: gcr.io/istio-testing/app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: shop}
spec: {selector: {app: hello}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    accessLogFile: /dev/stdout
    accessLogFormat: "mesh %REQ(:PATH)%"
    extensionProviders:
    - name: own
      envoyFileAccessLog:
        path: /dev/stdout
        logFormat: {text: "own %REQ(:PATH)% %REQ(X-WHO)% %RESP(X-ANSWER)% %RESP(SERVER)%"}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: hello, namespace: shop}
spec:
  selector: {matchLabels: {app: hello}}
  accessLogging:
  - providers: [{name: own}]
    filter: {expression: "request.url_path.startsWith('/kept') && request.headers['x-who'] != ''"}
`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const get = (url: URL, path: string, headers: Readonly<Record<string, string>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: url.port, path, headers: { ...headers, host: url.host } };
    request(options, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });

describe('the access log of a mesh', () => {
  it('has of each proxy what its Telemetries keep, in their format', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'heddle-'));
    cleanups.push(() => rmSync(stateDir, { recursive: true }));
    const running = await startSupervisor({
      sources: async () => [{ name: 'mesh.yaml', text: MESH }],
      paths: ['mesh.yaml'],
      watch: false,
      stateDir,
      gatewayPort: 0,
      version: '0.0.0',
      onEvent: () => {},
    });
    cleanups.push(() => running.close());
    const url = new URL(running.control.status().services.find((service) => service.url?.includes('hello'))?.url ?? '');
    await get(url, '/kept?a', { 'x-who': 'ann', 'x-echo-response-headers': 'x-answer=yes' });
    await get(url, '/kept?b', {});
    await get(url, '/other', { 'x-who': 'ann' });
    // Closing writes what is left.
    await running.close();
    const lines = readFileSync(join(stateDir, 'access.log'), 'utf8').trimEnd().split('\n').sort();
    expect(lines).toEqual(['mesh /kept?a', 'mesh /kept?b', 'mesh /other', 'own /kept?a ann yes istio-envoy']);
  });
});

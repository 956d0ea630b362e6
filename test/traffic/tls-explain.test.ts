import { describe, expect, it } from 'vitest';
import { planMesh } from '../../src/traffic/compile/compile-mesh.ts';
import { viewMesh } from '../../src/traffic/explain/mesh-view.ts';
import { trace } from '../../src/traffic/explain/trace.ts';
import { compileText } from './compile-text.ts';

const MESH = `
apiVersion: v1
kind: Pod
metadata: {name: gw, namespace: edge, labels: {istio: ingress, sidecar.istio.io/inject: 'true'}, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {app: app}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: edge}
stringData: {cert: CERTIFICATE, key: KEY}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: edge}
spec:
  selector: {istio: ingress}
  servers:
  - {port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.example.com], tls: {credentialName: cert}}
  - {port: {number: 443, name: b, protocol: HTTPS}, hosts: [b.example.com], tls: {credentialName: nothere}}
  - {port: {number: 443, name: c, protocol: TLS}, hosts: [c.example.com], tls: {mode: PASSTHROUGH}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app}
spec:
  hosts: ['*']
  gateways: [edge/gw]
  http: [{route: [{destination: {host: app}}]}]
  tls: [{match: [{sniHosts: [c.example.com]}], route: [{destination: {host: app, port: {number: 80}}}]}]
`;

const explain = async (authority: string, isTls = true, more = '') => {
  const compiled = await compileText(MESH + more);
  const view = viewMesh(compiled.world, planMesh(compiled.world, 1));
  const gateway = compiled.world.pods.find(({ pod }) => pod.namespace === 'edge')?.pod.workload;
  const asked = { method: 'GET', path: '/', headers: [], from: undefined, dial: undefined };
  const answer = trace(view, { ...asked, authority, isTls, gateway, port: 443 });
  if ('code' in answer) throw new Error(answer.message);
  return answer;
};

describe('a request over TLS to a gateway', () => {
  it('is routed by the server that has its name', async () => {
    const { result, steps } = await explain('a.example.com');
    expect(result).toMatchObject({ status: 200, cluster: 'outbound|80||app.default.svc.cluster.local' });
    expect(steps[0]?.decision).toContain('server for a.example.com, TLS ended here');
  });

  it('is passed on as bytes where TLS is', async () => {
    const { result, steps } = await explain('c.example.com');
    expect(result).toMatchObject({ cluster: 'outbound|80||app.default.svc.cluster.local' });
    expect(steps[0]?.decision).toContain('TLS passed through');
  });

  it('is reset for a name of nobody, without TLS, and without a certificate', async () => {
    expect((await explain('d.example.com')).result).toMatchObject({ error: 'connection reset', flags: 'NR' });
    expect((await explain('a.example.com', false)).result).toMatchObject({ error: 'connection reset', flags: 'NR' });
    expect((await explain('b.example.com')).result).toMatchObject({ error: 'connection reset', flags: '-' });
  });
});

describe('TLS that begins towards a backend', () => {
  it('is told with the line of the BackendTLSPolicy that asks for it', async () => {
    const policy = `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: app}
spec:
  targetRefs: [{group: "", kind: Service, name: app}]
  validation: {hostname: backend.example.com, wellKnownCACertificates: System}
`;
    const { steps } = await explain('a.example.com', true, policy);
    const told = steps.find(({ decision }) => decision.includes('begins TLS, asking for backend.example.com'));
    const line = (MESH + policy).split('\n').findIndex((written) => written.includes('validation:')) + 1;
    expect(told?.source).toBe(`mesh.yaml:${line}`);
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startFakeApi } from '../support/fake-api-server.ts';

const ISTIOD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'istiod-1', namespace: 'istio-system', labels: { app: 'istiod', 'istio.io/rev': 'default' } },
  spec: { containers: [{ name: 'discovery' }] },
  status: { phase: 'Running' },
};

it('lists what each istiod reads, and says when there is none', async () => {
  const api = await startFakeApi({ objects: [ISTIOD] });
  const clusters = [
    { id: 'home', syncStatus: 'synced' },
    { id: 'far', secretName: 'istio-system/istio-remote-secret-far', syncStatus: 'timeout' },
  ];
  let body = JSON.stringify(clusters);
  const istiod = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => istiod.listen(0, '127.0.0.1', resolve));
  api.forward('istio-system', 'istiod-1', 15_014, (istiod.address() as AddressInfo).port);
  const ask = (...argv: readonly string[]) => runCli(['remote-clusters', '--kubeconfig', api.kubeconfig, ...argv]);
  try {
    const { code, stdout, stderr } = await ask();
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/far +istio-system\/istio-remote-secret-far +timeout +istiod-1 +default/);
    expect(stdout).toMatch(/home +- +synced/);
    expect(JSON.parse((await ask('-o', 'json')).stdout).items).toHaveLength(2);
    expect((await ask('-r', 'canary')).stderr).toContain('of revision "canary"');
    body = 'not here';
    expect((await ask()).stderr).toContain('something else than JSON');
  } finally {
    await api.close();
    istiod.closeAllConnections();
    await new Promise((resolve) => istiod.close(resolve));
  }
});

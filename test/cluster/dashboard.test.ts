import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const pod = (namespace: string, name: string, labels: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'istio-proxy' }] },
  status: { phase: 'Running' },
});

describe('dashboard', () => {
  let api: FakeApi;
  let page: Server;
  beforeEach(async () => {
    page = createServer((request, response) => response.end(`page of ${request.url}`));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    api = await startFakeApi({
      objects: [
        pod('istio-system', 'kiali-1', { app: 'kiali' }),
        pod('istio-system', 'istiod-1', { app: 'istiod', 'istio.io/rev': 'default' }),
        pod('shop', 'web-1', { app: 'web' }),
      ],
    });
    const { port } = page.address() as AddressInfo;
    api.forward('istio-system', 'kiali-1', 20_001, port);
    api.forward('istio-system', 'istiod-1', 15_014, port);
    api.forward('shop', 'web-1', 15_000, port);
  });
  afterEach(async () => {
    await api.close();
    page.closeAllConnections();
    await new Promise((resolve) => page.close(resolve));
  });

  /** Visits what the command prints, and interrupts it then. */
  const visit = async (...argv: readonly string[]): Promise<CliResult & { readonly body: string }> => {
    const interruption = new AbortController();
    let body = Promise.resolve('');
    const result = await runCli(['dashboard', ...argv, '--kubeconfig', api.kubeconfig], {
      signal: interruption.signal,
      onWrite: (stream, text) => {
        if (stream !== 'stdout') return;
        body = fetch(text.trim(), { headers: { connection: 'close' } })
          .then((response) => response.text())
          .finally(() => interruption.abort());
      },
    });
    return { ...result, body: await body };
  };

  it('leads to the page of an addon, of istiod and of a proxy, until it is interrupted', async () => {
    const kiali = await visit('kiali');
    expect(kiali.body, kiali.stderr).toBe('page of /kiali');
    expect(kiali.code).toBe(0);
    expect((await visit('istiod-debug')).body).toBe('page of /debug');
    expect((await visit('envoy', 'web-1.shop')).body).toBe('page of /');
    expect((await visit('proxy', '-l', 'app=web', '-n', 'shop')).body).toBe('page of /');
  });

  it('says what there is instead of what there is not', async () => {
    const fail = (...argv: readonly string[]) => runCli(['dashboard', ...argv, '--kubeconfig', api.kubeconfig]);
    expect(await fail('kialy')).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean kiali?') });
    expect(await fail('grafana')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('in namespace istio-system'),
    });
    expect(await fail('envoy')).toMatchObject({ code: 64, stderr: expect.stringContaining('wants a pod, or labels') });
    expect(await fail('kiali', '--address', 'example.com')).toMatchObject({ code: 64 });
    const { port } = page.address() as AddressInfo;
    expect(await fail('kiali', '--port', String(port))).toMatchObject({ code: 73 });
  });

  it('tells of a port that the pod refuses, and goes on', async () => {
    const interruption = new AbortController();
    const { code, stderr } = await runCli(
      ['dashboard', 'kiali', '--ui-port', '20002', '--kubeconfig', api.kubeconfig],
      {
        signal: interruption.signal,
        onWrite: (stream, text) => {
          if (stream === 'stdout') void fetch(text.trim()).catch(() => interruption.abort());
        },
      },
    );
    expect(code).toBe(0);
    expect(stderr).toContain('20002');
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startFakeApi } from '../support/fake-api-server.ts';

const PROMETHEUS = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'prom-1', namespace: 'istio-system', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  spec: { containers: [{ name: 'prometheus' }] },
  status: { phase: 'Running' },
};

/** What a query is answered with, by what it asks. */
const answerTo = (query: string): string => {
  const quantile = /^histogram_quantile\(([\d.]+)/.exec(query)?.[1];
  if (quantile !== undefined) return quantile === '0.99' ? 'NaN' : String(Number(quantile) * 100);
  return query.includes('response_code') ? '0.25' : '12.5';
};

it('asks Prometheus about workloads, and shows what it does not know as such', async () => {
  const queries: string[] = [];
  let refusal: string | undefined;
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://prometheus').searchParams.get('query') ?? '';
    queries.push(query);
    const result = [{ metric: {}, value: [0, answerTo(query)] }];
    if (refusal !== undefined) response.writeHead(422);
    response.end(
      JSON.stringify(refusal === undefined ? { data: { resultType: 'vector', result } } : { error: refusal }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = await startFakeApi({ objects: [PROMETHEUS] });
  api.forward('istio-system', 'prom-1', 9090, (server.address() as AddressInfo).port);
  const ask = (...argv: readonly string[]) => runCli(['metrics', '--kubeconfig', api.kubeconfig, ...argv]);
  try {
    const { code, stdout, stderr } = await ask('web-v1.shop', '-d', '2m');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/web-v1\.shop +12\.500 +0\.250 +50ms +90ms +-/);
    expect(queries[0]).toBe(
      'sum(rate(istio_requests_total{destination_workload=~"web-v1.*", destination_workload_namespace=~"shop.*",reporter="destination"}[120000ms]))',
    );
    const json = JSON.parse((await ask('web', '-n', 'shop', '-o', 'json')).stdout);
    expect(json.items).toEqual([
      { workload: 'web.shop', requestsPerSecond: 12.5, errorsPerSecond: 0.25, p50Ms: 50, p90Ms: 90 },
    ]);
    refusal = 'too many series';
    expect(await ask('web')).toMatchObject({ code: 1, stderr: expect.stringContaining('too many series') });
    expect((await ask()).code).toBe(64);
    expect((await ask('web', '-i', 'elsewhere')).stderr).toContain('no Prometheus runs in namespace "elsewhere"');
  } finally {
    await api.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

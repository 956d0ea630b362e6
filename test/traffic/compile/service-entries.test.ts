import { describe, expect, it } from 'vitest';
import type { ProxyTables } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const entry = (spec: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: ${spec}
---
`;

const tablesOf = async (text: string, names: Readonly<Record<string, string>> = {}): Promise<ProxyTables> => {
  const compiled = await compileText(BOOKSHOP + text, new Map(Object.entries(names)));
  const tables = compiled.proxies.get('default/client-0');
  if (tables === undefined || compiled.problems.length > 0) throw new Error(JSON.stringify(compiled.problems));
  return tables;
};

const HTTP = 'ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]';

describe('a ServiceEntry', () => {
  it('of resolution STATIC sends to its endpoints by weight and label', async () => {
    const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: out}
spec: {host: ext.internal, subsets: [{name: v2, labels: {version: v2}}]}
`;
    const endpoints =
      'endpoints: [{address: 10.1.1.1, weight: 1}, {address: 10.1.1.2, weight: 3, labels: {version: v2}, ports: {http: 9090}}]';
    const tables = await tablesOf(entry(`{hosts: [ext.internal], resolution: STATIC, ${HTTP}, ${endpoints}}`) + rule);
    const all = tables.clusters.get('outbound|80||ext.internal');
    expect(all?.endpoints.map(({ key, weight }) => `${key} ${weight}`)).toEqual(['10.1.1.1:8080 1', '10.1.1.2:9090 3']);
    expect(all?.balancer).toEqual({ kind: 'least-request' });
    expect(tables.clusters.get('outbound|80|v2|ext.internal')?.endpoints.map(({ key }) => key)).toEqual([
      '10.1.1.2:9090',
    ]);
    expect(tables.outbound.byPort.get(80)?.routes?.exact.get('ext.internal')?.routes[0]?.name).toBe('default');
  });

  it('of resolution DNS sends to the address of its host, or leaves the name to the resolver', async () => {
    const text = entry(`{hosts: [api.example.com, web.example.com], resolution: DNS, ${HTTP}}`);
    const { clusters } = await tablesOf(text, { 'api.example.com': '10.44.200.1' });
    expect(clusters.get('outbound|80||api.example.com')?.endpoints[0]?.key).toBe('10.44.200.1:8080');
    expect(clusters.get('outbound|80||web.example.com')?.endpoints[0]?.key).toBe('web.example.com:8080');
  });

  it('of resolution NONE follows the client, for every host of its wildcard', async () => {
    const tables = await tablesOf(entry(`{hosts: ['*.example.com'], ${HTTP}}`));
    expect(tables.clusters.get('outbound|80||*.example.com')?.kind).toBe('original-destination');
    expect(tables.outbound.byPort.get(80)?.routes?.suffixes.values.has('.example.com')).toBe(true);
  });

  it('selects pods, which get mutual TLS like those of a Service', async () => {
    const spec = `{hosts: [v1.internal], location: MESH_INTERNAL, resolution: STATIC, ${HTTP}, workloadSelector: {labels: {app: reviews}}}`;
    const { clusters } = await tablesOf(entry(spec));
    const endpoints = clusters.get('outbound|80||v1.internal')?.endpoints;
    expect(endpoints?.map(({ pod, transport }) => `${pod} ${transport.kind}`)).toEqual([
      'reviews-v1-0 istio-mutual',
      'reviews-v2-0 plaintext',
    ]);
  });

  it('for TCP listens at its addresses, or on its whole port', async () => {
    const tcp = 'resolution: STATIC, endpoints: [{address: 10.1.1.1}]';
    const at = await tablesOf(
      entry(`{hosts: [a.tcp], addresses: [240.2.0.1/32], ports: [{number: 9000, name: tcp, protocol: TCP}], ${tcp}}`),
    );
    expect(at.outbound.byAddress.get('240.2.0.1:9000')?.protocol).toBe('tcp');
    const whole = await tablesOf(entry(`{hosts: [a.tcp], ports: [{number: 9000, name: tcp, protocol: TCP}], ${tcp}}`));
    expect(whole.outbound.byPort.get(9000)?.tcp?.destinations[0].cluster).toBe('outbound|9000||a.tcp');
  });

  it('does not take a host away from a Service', async () => {
    const host = 'reviews.default.svc.cluster.local';
    const text = entry(`{hosts: [${host}], resolution: STATIC, ${HTTP}, endpoints: [{address: 10.1.1.1}]}`);
    const { clusters } = await tablesOf(text);
    expect(clusters.get(`outbound|80||${host}`)?.endpoints[0]?.pod).toBe('reviews-v1-0');
  });

  it('is seen where it is exported to only', async () => {
    const hidden = entry(`{hosts: [ext.internal], exportTo: [other], resolution: DNS, ${HTTP}}`);
    expect((await tablesOf(hidden)).clusters.get('outbound|80||ext.internal')).toBeUndefined();
  });

  it.each([
    ['a host that is only a star', `{hosts: ['*'], resolution: STATIC, ${HTTP}}`],
    ['a wildcard for DNS', `{hosts: ['*.a.com'], resolution: DNS, ${HTTP}}`],
    ['an endpoint without address', `{hosts: [a.com], resolution: STATIC, ${HTTP}, endpoints: [{address: not-an-ip}]}`],
    ['a bad address', `{hosts: [a.com], addresses: [bad], ${HTTP}}`],
  ])('with %s is refused', async (_, spec) => {
    const { proxies } = await compileText(BOOKSHOP + entry(spec));
    const clusters = [...(proxies.get('default/client-0')?.clusters.values() ?? [])];
    const hosts = new Set(clusters.flatMap(({ service }) => (service === undefined ? [] : [service.host])));
    expect([...hosts]).toEqual(['reviews.default.svc.cluster.local']);
  });
});

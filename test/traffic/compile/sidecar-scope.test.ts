import { describe, expect, it } from 'vitest';
import type { ProxyTables } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const FAR = `
apiVersion: v1
kind: Service
metadata: {name: far, namespace: other}
spec: {selector: {app: far}, ports: [{name: http, port: 80}]}
---
`;

const sidecar = (name: string, namespace: string, spec: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
---
`;

const tablesOf = async (text: string, proxy = 'default/client-0'): Promise<ProxyTables> => {
  const tables = (await compileText(BOOKSHOP + FAR + text)).proxies.get(proxy);
  if (tables === undefined) throw new Error(`no proxy ${proxy}`);
  return tables;
};

const seen = async (text: string, proxy?: string): Promise<readonly string[]> => {
  const { outbound } = await tablesOf(text, proxy);
  const hosts = outbound.byPort.get(80)?.routes?.exact;
  return ['reviews.default', 'far.other'].filter((host) => hosts?.has(host));
};

describe('a Sidecar', () => {
  it.each([
    ['./*', ['reviews.default']],
    ['other/*', ['far.other']],
    ['*/*', ['reviews.default', 'far.other']],
    ['*/far.other.svc.cluster.local', ['far.other']],
    ['*/*.default.svc.cluster.local', ['reviews.default']],
    ['~/*', []],
  ])('with egress host %s shows %j', async (host, expected) => {
    expect(await seen(sidecar('s', 'default', `{egress: [{hosts: ['${host}']}]}`))).toEqual(expected);
  });

  it('without egress hides nothing', async () => {
    expect(await seen(sidecar('s', 'default', '{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}'))).toHaveLength(2);
  });

  it('is for the workloads it selects, else for its namespace, else for the mesh', async () => {
    const mesh = sidecar('mesh', 'istio-system', "{egress: [{hosts: ['*/*']}]}");
    const namespace = sidecar('wide', 'default', "{egress: [{hosts: ['other/*']}]}");
    const own = sidecar('own', 'default', "{workloadSelector: {labels: {app: client}}, egress: [{hosts: ['./*']}]}");
    expect(await seen(mesh + namespace + own)).toEqual(['reviews.default']);
    expect(await seen(mesh + namespace + own, 'default/reviews-v1-0')).toEqual(['far.other']);
    expect(await seen(mesh)).toHaveLength(2);
  });

  it('decides what happens to unknown destinations', async () => {
    const { outbound } = await tablesOf(sidecar('s', 'default', '{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}'));
    expect(outbound.unknown).toBe('blackhole');
    expect(outbound.byPort.get(80)?.routes?.any?.name).toBe('block_all');
  });

  it('keeps the clusters that visible rules send to', async () => {
    const rule = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: far.other.svc.cluster.local}}]}]}
---
`;
    const own = sidecar('s', 'default', "{egress: [{hosts: ['./*']}]}");
    const name = 'outbound|80||far.other.svc.cluster.local';
    expect((await tablesOf(own)).clusters.get(name)).toBeUndefined();
    expect((await tablesOf(own + rule)).clusters.get(name)).toBeDefined();
  });
});

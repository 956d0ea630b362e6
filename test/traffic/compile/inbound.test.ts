import { describe, expect, it } from 'vitest';
import type { ProxyTables } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const policy = (name: string, namespace: string, spec: string): string => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
---
`;

const SELECTOR = 'selector: {matchLabels: {app: reviews}}';

const tablesOf = async (text: string): Promise<ProxyTables> => {
  const tables = (await compileText(BOOKSHOP + text)).proxies.get('default/reviews-v1-0');
  if (tables === undefined) throw new Error('no sidecar');
  return tables;
};

const modes = async (text: string): Promise<readonly (string | undefined)[]> => {
  const tables = await tablesOf(text);
  return [tables.inbound.get(8080)?.mtls, tables.inboundDefault];
};

describe('the inbound ports of a sidecar', () => {
  it('are the target ports of its services', async () => {
    const tables = await tablesOf('');
    expect([...tables.inbound.keys()]).toEqual([8080]);
    expect(tables.inbound.get(8080)).toMatchObject({
      protocol: 'http',
      cluster: 'inbound|8080||',
      mtls: 'PERMISSIVE',
      mtlsOrigin: undefined,
      service: { host: 'reviews.default.svc.cluster.local' },
    });
    expect(tables.inbound.get(8080)?.routes.any?.routes[0]).toMatchObject({
      name: 'default',
      operation: 'reviews.default.svc.cluster.local:80/*',
    });
    expect(tables.clusters.get('inbound|8080||')).toMatchObject({
      kind: 'application',
      endpoints: [{ address: '10.44.1.2', port: 8080, transport: { kind: 'plaintext' } }],
    });
  });

  it('exist for a pod that is not ready yet', async () => {
    const labels = 'metadata: {labels: {app: reviews, version: v1}';
    const { proxies } = await compileText(BOOKSHOP.replace(labels, `${labels}, annotations: {test/ready: 'false'}`));
    expect([...(proxies.get('default/reviews-v1-0')?.inbound.keys() ?? [])]).toEqual([8080]);
  });

  it('are none without a proxy', async () => {
    expect((await compileText(BOOKSHOP)).proxies.has('default/reviews-v2-0')).toBe(false);
  });
});

describe('mutual TLS of a port', () => {
  const strict = '{mtls: {mode: STRICT}}';

  it('comes from the root namespace, the namespace or the workload, the narrowest first', async () => {
    const everywhere = policy('default', 'istio-system', strict);
    expect(await modes(everywhere)).toEqual(['STRICT', 'STRICT']);
    const here = policy('default', 'default', '{mtls: {mode: DISABLE}}');
    expect(await modes(everywhere + here)).toEqual(['DISABLE', 'DISABLE']);
    const own = policy('own', 'default', `{${SELECTOR}, mtls: {mode: PERMISSIVE}}`);
    expect(await modes(everywhere + here + own)).toEqual(['PERMISSIVE', 'PERMISSIVE']);
  });

  it('is not set by other namespaces or other workloads', async () => {
    const others =
      policy('a', 'other', strict) +
      policy('b', 'default', `{selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}}`);
    expect(await modes(others)).toEqual(['PERMISSIVE', 'PERMISSIVE']);
  });

  it('is inherited where a policy leaves it unset', async () => {
    const here = policy('default', 'default', strict);
    const own = policy('own', 'default', `{${SELECTOR}, mtls: {mode: UNSET}}`);
    expect(await modes(here + own)).toEqual(['STRICT', 'STRICT']);
  });

  it('is that of the older of two policies for the same', async () => {
    const younger = policy('b', 'default', '{mtls: {mode: DISABLE}}');
    expect(await modes(policy('a', 'default', strict) + younger)).toEqual(['STRICT', 'STRICT']);
  });

  it('can be set port by port, for ports without a service too', async () => {
    const spec = `{${SELECTOR}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}, 9999: {mode: PERMISSIVE}}}`;
    const tables = await tablesOf(policy('own', 'default', spec));
    expect(tables.inbound.get(8080)?.mtls).toBe('DISABLE');
    expect(tables.inbound.get(9999)).toMatchObject({ mtls: 'PERMISSIVE', cluster: 'InboundPassthroughCluster' });
    expect(tables.inboundDefault).toBe('STRICT');
    expect(tables.inbound.get(8080)?.mtlsOrigin?.resource).toBe('PeerAuthentication default/own');
  });
});

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

describe('a Sidecar with ingress', () => {
  const sidecar = (spec: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: own}
spec: {workloadSelector: {labels: {app: reviews}}, ${spec}}
---
`;

  it('names the ports in place of the services, and where in the pod they lead', async () => {
    const tables = await tablesOf(
      sidecar(
        'ingress: [{port: {number: 9000, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8081"}, {port: {number: 9001, protocol: TCP, name: tcp}, defaultEndpoint: "0.0.0.0:8082"}, {port: {number: 9002, protocol: GRPC, name: grpc}}]',
      ),
    );
    expect([...tables.inbound].map(([port, { protocol, service }]) => `${port} ${protocol} ${service?.host}`)).toEqual([
      '9000 http own.default',
      '9001 tcp own.default',
      '9002 http own.default',
      '8080 auto undefined',
    ]);
    expect(tables.inbound.get(8080)?.cluster).toBe('InboundPassthroughCluster');
    const endpoints = [9000, 9001, 9002].map((port) => tables.clusters.get(`inbound|${port}||`)?.endpoints[0]);
    const { address } = tables.node;
    expect(endpoints.map((endpoint) => endpoint?.key)).toEqual([
      '127.0.0.1:8081',
      `${address}:8082`,
      `${address}:9002`,
    ]);
    expect(endpoints.map((endpoint) => endpoint?.address)).toEqual([address, address, address]);
    expect(tables.clusters.get('inbound|9002||')?.http).toBe('http2');
  });

  it('limits connections of its ports, or of all', async () => {
    const limitsOf = async (spec: string) => (await tablesOf(sidecar(spec))).clusters.get('inbound|8080||')?.limits;
    const all = 'inboundConnectionPool: {tcp: {maxConnections: 3}}';
    expect(await limitsOf(all)).toEqual({ maxConnections: 3 });
    const port = 'port: {number: 8080, protocol: HTTP, name: http}';
    expect(await limitsOf(`${all}, ingress: [{${port}}]`)).toEqual({ maxConnections: 3 });
    expect(await limitsOf(`${all}, ingress: [{${port}, connectionPool: {tcp: {maxConnections: 5}}}]`)).toEqual({
      maxConnections: 5,
    });
  });

  it('is told at its line what has no effect, and refused for an endpoint elsewhere', async () => {
    const problems = async (ingress: string): Promise<readonly string[]> =>
      (
        await compileText(BOOKSHOP + sidecar(`ingress: [{port: {number: 9000, protocol: HTTP, name: a}, ${ingress}}]`))
      ).problems.map(({ code, severity }) => `${severity} ${code}`);
    expect(await problems('defaultEndpoint: "unix:///run/app.sock"')).toEqual(['warning UNSUPPORTED_FIELD']);
    expect(await problems('captureMode: NONE')).toEqual(['warning UNSUPPORTED_FIELD']);
    expect(await problems('defaultEndpoint: "10.0.0.1:80"')).toEqual(['error INVALID_OBJECT']);
    expect(await problems('defaultEndpoint: "127.0.0.1:99999"')).toEqual(['error INVALID_OBJECT']);
  });
});

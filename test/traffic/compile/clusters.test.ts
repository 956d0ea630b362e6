import { describe, expect, it } from 'vitest';
import type { Cluster, ProxyTables } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const tablesOf = async (text: string, proxy = 'default/client-0'): Promise<ProxyTables> => {
  const tables = (await compileText(BOOKSHOP + text)).proxies.get(proxy);
  if (tables === undefined) throw new Error(`no proxy ${proxy}`);
  return tables;
};

const clusterOf = async (text: string, name = 'outbound|80||reviews.default.svc.cluster.local'): Promise<Cluster> => {
  const cluster = (await tablesOf(text)).clusters.get(name);
  if (cluster === undefined) throw new Error(`no cluster ${name}`);
  return cluster;
};

describe('endpoints of a cluster', () => {
  it('are the ready pods of the selector, at the target port each pod gives the name', async () => {
    const { endpoints } = await clusterOf('');
    expect(endpoints.map(({ key, pod }) => `${pod} ${key}`)).toEqual([
      'reviews-v1-0 10.44.1.2:8080',
      'reviews-v2-0 10.44.1.3:9090',
    ]);
  });

  it('leave out pods that are not ready', async () => {
    const notReady = BOOKSHOP.replace(
      'metadata: {labels: {app: reviews, version: v1}}',
      "metadata: {labels: {app: reviews, version: v1}, annotations: {test/ready: 'false'}}",
    );
    const tables = (await compileText(notReady)).proxies.get('default/client-0');
    const endpoints = tables?.clusters.get('outbound|80||reviews.default.svc.cluster.local')?.endpoints;
    expect(endpoints?.map(({ pod }) => pod)).toEqual(['reviews-v2-0']);
  });

  it('of a subset carry its labels', async () => {
    const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v2, labels: {version: v2}}]}
`;
    const cluster = await clusterOf(rule, 'outbound|80|v2|reviews.default.svc.cluster.local');
    expect(cluster.endpoints.map(({ pod }) => pod)).toEqual(['reviews-v2-0']);
    expect(cluster.origin?.resource).toBe('DestinationRule default/reviews');
  });
});

describe('the transport to an endpoint', () => {
  const transports = async (text: string): Promise<readonly string[]> =>
    (await clusterOf(text)).endpoints.map(({ transport }) => transport.kind);

  it('is mutual TLS where the pod has a sidecar, with the identities of all pods of the service', async () => {
    const { endpoints } = await clusterOf('');
    expect(endpoints[0]?.transport).toEqual({
      kind: 'istio-mutual',
      sni: 'outbound_.80_._.reviews.default.svc.cluster.local',
      spiffeIds: ['spiffe://cluster.local/ns/default/sa/one', 'spiffe://cluster.local/ns/default/sa/two'],
    });
    expect(endpoints[1]?.transport).toEqual({ kind: 'plaintext' });
  });

  it('is plaintext where a PeerAuthentication disables mutual TLS', async () => {
    const policy = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: without-mtls}
spec: {selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}
`;
    expect(await transports(policy)).toEqual(['plaintext', 'plaintext']);
  });

  it.each([
    ['DISABLE', ['plaintext', 'plaintext']],
    ['ISTIO_MUTUAL', ['istio-mutual', 'istio-mutual']],
  ])('follows tls mode %s of a DestinationRule for every pod', async (mode, expected) => {
    const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, trafficPolicy: {tls: {mode: ${mode}}}}
`;
    expect(await transports(rule)).toEqual(expected);
  });

  it('is plaintext everywhere when the mesh switches auto mTLS off', async () => {
    const mesh = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'enableAutoMtls: false'}
`;
    expect(await transports(mesh)).toEqual(['plaintext', 'plaintext']);
  });
});

describe('which DestinationRule applies', () => {
  const rule = (namespace: string, simple: string, host = 'reviews.default.svc.cluster.local', more = ''): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${simple.toLowerCase().replace('_', '-')}, namespace: ${namespace}}
spec: {host: '${host}', ${more} trafficPolicy: {loadBalancer: {simple: ${simple}}}}
---
`;

  it('is that of the service namespace, before the root namespace', async () => {
    expect((await clusterOf(rule('istio-system', 'RANDOM'))).balancer.kind).toBe('random');
    expect((await clusterOf(rule('istio-system', 'RANDOM') + rule('default', 'ROUND_ROBIN'))).balancer.kind).toBe(
      'round-robin',
    );
  });

  it('is not one of a third namespace, nor one exported elsewhere only', async () => {
    expect((await clusterOf(rule('other', 'RANDOM'))).balancer.kind).toBe('least-request');
    const hidden = rule('istio-system', 'RANDOM', 'reviews.default.svc.cluster.local', "exportTo: ['.'],");
    expect((await clusterOf(hidden)).balancer.kind).toBe('least-request');
  });

  it('is the exact host before a wildcard', async () => {
    const rules = rule('default', 'RANDOM', '*.default.svc.cluster.local') + rule('default', 'ROUND_ROBIN', 'reviews');
    expect((await clusterOf(rules)).balancer.kind).toBe('round-robin');
  });

  it('asks for the labels of the client', async () => {
    const mine = rule('default', 'RANDOM', 'reviews', 'workloadSelector: {matchLabels: {app: client}},');
    const others = rule('default', 'ROUND_ROBIN', 'reviews', 'workloadSelector: {matchLabels: {app: other}},');
    expect((await clusterOf(others + mine)).balancer.kind).toBe('random');
    const tables = await tablesOf(others + mine, 'default/reviews-v1-0');
    expect(tables.clusters.get('outbound|80||reviews.default.svc.cluster.local')?.balancer.kind).toBe('least-request');
  });

  it('overrides by port without inheriting', async () => {
    const ports = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
    connectionPool: {tcp: {connectTimeout: 3s}}
    portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: ROUND_ROBIN}}]
`;
    const cluster = await clusterOf(ports);
    expect(cluster.balancer.kind).toBe('round-robin');
    expect(cluster.connectTimeoutMs).toBe(10_000);
  });
});

describe('services that are no plain ClusterIP', () => {
  it('lets a headless service follow the address the client dialled', async () => {
    const headless = `
apiVersion: v1
kind: Service
metadata: {name: peers}
spec: {clusterIP: None, selector: {app: reviews}, ports: [{name: tcp, port: 8080}]}
`;
    const tables = await tablesOf(headless);
    expect(tables.clusters.get('outbound|8080||peers.default.svc.cluster.local')?.kind).toBe('original-destination');
    expect([...tables.outbound.byAddress.keys()]).toEqual(['10.44.1.2:8080', '10.44.1.3:8080']);
  });

  it('sends an ExternalName of the mesh to its service, and one of the world to its address', async () => {
    const externalNames = `
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: reviews.default.svc.cluster.local, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: out}
spec: {type: ExternalName, externalName: api.example.com, ports: [{name: http, port: 80}]}
`;
    const { proxies } = await compileText(BOOKSHOP + externalNames, new Map([['api.example.com', '10.44.200.1']]));
    const tables = proxies.get('default/client-0');
    const domains = tables?.outbound.byPort.get(80)?.routes?.exact;
    expect(domains?.get('alias')).toBe(domains?.get('reviews'));
    const cluster = tables?.clusters.get('outbound|80||out.default.svc.cluster.local');
    expect(cluster?.endpoints.map(({ key }) => key)).toEqual(['10.44.200.1:80']);
  });
});

describe('protocols of a port', () => {
  const port = (fields: string): string => `
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: reviews}, ports: [{port: 7000, targetPort: web, ${fields}}]}
`;

  it.each([
    ['name: http-web', undefined],
    ['name: grpc', 'http2'],
    ['name: web', 'same'],
    ['name: web, appProtocol: kubernetes.io/h2c', 'http2'],
    ['name: http-web, appProtocol: HTTP', undefined],
  ])('%s is spoken to backends as %s', async (fields, http) => {
    expect((await clusterOf(port(fields), 'outbound|7000||s.default.svc.cluster.local')).http).toBe(http);
  });

  it.each([
    ['name: http', 'shared'],
    ['name: tcp', 'tcp'],
    ['name: redis-cache', 'tcp'],
    ['name: http, appProtocol: tcp', 'tcp'],
    ['name: web', 'auto'],
    ['name: grpc-web-x', 'shared'],
  ])('%s is listened for as %s', async (fields, expected) => {
    const { outbound } = await tablesOf(port(fields));
    const own = outbound.byAddress.get('10.144.0.2:7000')?.protocol;
    expect(outbound.byPort.has(7000) ? 'shared' : own).toBe(expected);
  });
});

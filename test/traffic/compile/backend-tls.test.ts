import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { type CompiledText, compileText } from '../compile-text.ts';

const CLUSTER = 'outbound|80||reviews.default.svc.cluster.local';
const GATEWAY = 'default/entry';

const WORLD = `${BOOKSHOP}
---
apiVersion: v1
kind: Pod
metadata: {name: entry, annotations: {inject.istio.io/templates: gateway}, labels: {istio: entry}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: authorities}
data: {ca.crt: PEM OF AUTHORITIES}
`;

const CA = 'caCertificateRefs: [{group: "", kind: ConfigMap, name: authorities}]';

interface Written {
  readonly name?: string;
  readonly target?: string;
  readonly validation?: string;
  readonly metadata?: string;
}

const policy = ({ name = 'reviews', target = '', validation = CA, metadata = '' }: Written = {}): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: ${name}${metadata}}
spec:
  targetRefs: [{group: "", kind: Service, name: reviews${target}}]
  validation: {hostname: ${name}.example.com, ${validation}}
`;

const compile = (text: string): Promise<CompiledText> => compileText(WORLD + text);

const clusterIn = ({ proxies }: CompiledText, proxy = 'default/client-0'): Cluster => {
  const cluster = proxies.get(proxy)?.clusters.get(CLUSTER);
  if (cluster === undefined) throw new Error(`${proxy} has no cluster; there are ${[...proxies.keys()].join(' ')}`);
  return cluster;
};

const sniIn = (compiled: CompiledText): string | undefined => {
  const { transport } = clusterIn(compiled);
  return transport?.kind === 'tls' ? transport.sni : undefined;
};

const warningsIn = ({ problems }: CompiledText): readonly string[] =>
  problems.map(({ code, message }) => `${code} ${message}`);

describe('a BackendTLSPolicy', () => {
  it('begins TLS towards its Service, from sidecars and gateways, and asks for no name but those listed', async () => {
    const compiled = await compile(policy());
    const transport = { kind: 'tls', sni: 'reviews.example.com', names: [], authorities: ['PEM OF AUTHORITIES'] };
    for (const proxy of ['default/client-0', GATEWAY]) {
      const cluster = clusterIn(compiled, proxy);
      expect(cluster.transport).toEqual(transport);
      expect(cluster.endpoints.map((endpoint) => endpoint.transport)).toEqual([transport, transport]);
    }
    expect(compiled.problems).toEqual([]);
  });

  it('tells its own line where the TLS comes from, beside a DestinationRule too', async () => {
    const rule = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pool}
spec: {host: reviews, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
`;
    const text = rule + policy();
    const { tlsSetting, balancer, origin } = clusterIn(await compile(text));
    expect(balancer).toEqual({ kind: 'random' });
    expect(origin?.resource).toBe('DestinationRule default/pool');
    expect(tlsSetting?.origin.resource).toBe('BackendTLSPolicy default/reviews');
    const line = (WORLD + text).split('\n').findIndex((written) => written.includes('validation:')) + 1;
    expect([tlsSetting?.mode, tlsSetting?.origin.span.line]).toEqual(['SIMPLE', line]);
  });

  it('leaves TLS to a DestinationRule that says something of it', async () => {
    const rule = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain}
spec: {host: reviews, trafficPolicy: {tls: {mode: DISABLE}}}
`;
    const { transport, tlsSetting } = clusterIn(await compile(policy() + rule));
    expect(transport).toBeUndefined();
    expect(tlsSetting?.origin.resource).toBe('DestinationRule default/plain');
  });

  it('asks the certificate for one of its subjectAltNames', async () => {
    const names = 'subjectAltNames: [{type: Hostname, hostname: a.example.com}, {type: URI, uri: "spiffe://b"}]';
    const { transport } = clusterIn(await compile(policy({ validation: `wellKnownCACertificates: System, ${names}` })));
    expect(transport).toMatchObject({ names: ['a.example.com', 'spiffe://b'], authorities: 'system' });
  });

  it('for one port beats that for all of them', async () => {
    const all = policy({ name: 'all' });
    expect(sniIn(await compile(all + policy({ name: 'one', target: ', sectionName: http' })))).toBe('one.example.com');
  });

  it('secures the hosts of a ServiceEntry', async () => {
    const entry = `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api}
spec:
  hosts: [api.example.com]
  ports: [{number: 8080, name: http, protocol: HTTP}]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{address: 192.0.2.1}]
`;
    const target = policy().replace(
      'group: "", kind: Service, name: reviews',
      'group: networking.istio.io, kind: ServiceEntry, name: api',
    );
    const { proxies } = await compile(entry + target);
    const cluster = proxies.get('default/client-0')?.clusters.get('outbound|8080||api.example.com');
    expect(cluster?.transport).toMatchObject({ kind: 'tls', sni: 'reviews.example.com' });
  });

  it('yields to an older one, then to one of a smaller name, and a warning says so', async () => {
    const compiled = await compile(policy({ name: 'b' }) + policy({ name: 'a' }));
    expect(sniIn(compiled)).toBe('a.example.com');
    expect(warningsIn(compiled)).toEqual([
      'BACKEND_TLS_TARGET BackendTLSPolicy a is for the same Service and comes first: the policy does not hold there',
    ]);
    const at = (year: number) => `, creationTimestamp: "${year}-01-01T00:00:00Z"`;
    const older = policy({ name: 'b', metadata: at(2020) });
    expect(sniIn(await compile(policy({ name: 'a', metadata: at(2021) }) + older))).toBe('b.example.com');
  });

  it('has no effect when annotations tell Istio to ignore it', async () => {
    const metadata = ', annotations: {istio.io/ignore-policy-attachment: "true"}';
    expect(clusterIn(await compile(policy({ metadata }))).transport).toBeUndefined();
  });

  it.each([
    ['that is not there', 'caCertificateRefs: [{group: "", kind: ConfigMap, name: gone}]', 'there is no ConfigMap'],
    ['of another kind', 'caCertificateRefs: [{group: "", kind: Secret, name: authorities}]', 'not from a Secret'],
  ])('with authorities %s makes gateways trust nobody and sidecars send plaintext', async (_, validation, message) => {
    const compiled = await compile(policy({ validation }));
    expect(clusterIn(compiled, GATEWAY).transport).toMatchObject({ kind: 'tls', authorities: [] });
    const sidecar = clusterIn(compiled);
    expect(sidecar.transport).toBeUndefined();
    expect(sidecar.endpoints.map(({ transport }) => transport.kind)).toEqual(['plaintext', 'plaintext']);
    expect(warningsIn(compiled).join()).toContain(message);
  });

  it.each([
    ['a port that its Service lacks', policy({ target: ', sectionName: gone' }), 'has no port named "gone"'],
    ['no Service', policy().replace('name: reviews}]', 'name: gone}]'), 'there is no Service default/gone'],
  ])('for %s is a warning at the reference', async (_, text, message) => {
    const compiled = await compile(text);
    expect(clusterIn(compiled).transport).toBeUndefined();
    expect(warningsIn(compiled).join()).toContain(message);
    const line = (WORLD + text).split('\n').findIndex((written) => written.includes('targetRefs:')) + 1;
    expect(compiled.problems[0]?.span?.line).toBe(line);
  });

  it('says which of its fields Istio does not act upon', async () => {
    const second = `caCertificateRefs: [${'{group: "", kind: ConfigMap, name: authorities}, '.repeat(2)}]`;
    const text = policy({ validation: second }).replace('spec:', 'spec:\n  options: {example.com/tls: "1"}');
    expect(warningsIn(await compile(text))).toEqual([
      expect.stringContaining('options is not supported'),
      expect.stringContaining('only the first of caCertificateRefs'),
    ]);
  });
});

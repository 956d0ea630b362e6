import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planMesh } from '../../../src/traffic/compile/compile-mesh.ts';
import type { Cluster, ClusterTable, ProxyTables } from '../../../src/traffic/tables.ts';
import { compileText } from '../compile-text.ts';

const NAMESPACES = ['one', 'two', 'three'] as const;
const APPS = ['a', 'b', 'c'] as const;
const MODES = ['STRICT', 'PERMISSIVE', 'DISABLE'] as const;

const namespace = fc.constantFrom(...NAMESPACES);
const app = fc.constantFrom(...APPS);
const host = fc.oneof(
  fc.tuple(app, namespace).map(([name, home]) => `${name}.${home}.svc.cluster.local`),
  namespace.map((home) => `'*.${home}.svc.cluster.local'`),
  fc.constantFrom("'*.svc.cluster.local'", 'a', 'x.example.com', "'*.example.com'"),
);
const object = (kind: string, group: string) => (name: number, home: string, spec: string) =>
  `apiVersion: ${group}/v1\nkind: ${kind}\nmetadata: {name: n${name}, namespace: ${home}}\nspec: ${spec}\n`;

const workload = (home: string, name: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${home}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${home}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}, version: v1}}
    spec: {containers: [{name: app, image: app}]}
`;

const NETWORKING = 'networking.istio.io';
const rule = fc
  .tuple(fc.nat(99), namespace, host, fc.constantFrom('', ', workloadSelector: {matchLabels: {app: a}}'), app)
  .map(([name, home, to, selector, locality]) =>
    object('DestinationRule', NETWORKING)(
      name,
      home,
      `{host: ${to}${selector}, subsets: [{name: v1, labels: {version: v1}}], trafficPolicy: {${
        {
          a: 'tls: {mode: DISABLE}',
          b: 'outlierDetection: {consecutive5xxErrors: 3}',
          c: 'loadBalancer: {simple: RANDOM}',
        }[locality]
      }}}`,
    ),
  );
const route = fc
  .tuple(fc.nat(99), namespace, host, app, fc.constantFrom('', 'sourceLabels: {app: b}, '))
  .map(([name, home, to, target, source]) =>
    object('VirtualService', NETWORKING)(
      name,
      home,
      `{hosts: [${to}], http: [{match: [{${source}uri: {prefix: /x}}], route: [{destination: {host: ${target}, subset: v1}}]}]}`,
    ),
  );
const sidecar = fc
  .tuple(fc.nat(99), namespace, fc.subarray(['./*', 'one/*', '*/a.two.svc.cluster.local', '~/*'], { minLength: 1 }))
  .map(([name, home, hosts]) =>
    object('Sidecar', NETWORKING)(name, home, `{egress: [{hosts: ${JSON.stringify(hosts)}}]}`),
  );
const outside = fc
  .tuple(fc.nat(99), namespace, fc.constantFrom('x.example.com', "'*.example.com'"), fc.constantFrom("'*'", "'.'"))
  .map(([name, home, to, exportTo]) =>
    object('ServiceEntry', NETWORKING)(
      name,
      home,
      `{hosts: [${to}], exportTo: [${exportTo}], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}`,
    ),
  );
const mutual = fc
  .tuple(fc.nat(99), namespace, fc.constantFrom(...MODES), fc.option(app, { nil: undefined }))
  .map(([name, home, mode, selected]) => {
    const selector = selected === undefined ? '' : `selector: {matchLabels: {app: ${selected}}}, `;
    return object('PeerAuthentication', 'security.istio.io')(name, home, `{${selector}mtls: {mode: ${mode}}}`);
  });

const meshes = fc
  .array(fc.oneof(rule, route, sidecar, outside, mutual), { maxLength: 14 })
  .map((objects) =>
    [
      ...NAMESPACES.map(
        (name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {istio-injection: enabled}}\n`,
      ),
      ...NAMESPACES.flatMap((home) => APPS.map((name) => workload(home, name))),
      ...new Set(objects),
    ].join('---\n'),
  );

const clustersOf = (table: ClusterTable): ReadonlyMap<string, Cluster> =>
  new Map([...table.values()].map((cluster) => [cluster.name, cluster]));

/** Without telemetry, whose filters are functions and cannot be compared. */
const written = ({ clusters, telemetry: _, ...tables }: ProxyTables) => ({ ...tables, clusters: clustersOf(clusters) });

describe('tables made on demand', () => {
  it('are those of a mesh that is compiled as a whole, whichever is asked for first', async () => {
    await fc.assert(
      fc.asyncProperty(meshes, fc.array(fc.nat(1_000), { minLength: 1, maxLength: 6 }), async (text, picks) => {
        const whole = await compileText(text);
        const eager = new Map([...whole.proxies].map(([key, tables]) => [key, written(tables)]));
        const plan = planMesh(whole.world, 1);
        for (const pick of picks) {
          const placed = whole.world.pods[pick % whole.world.pods.length];
          const tables = placed === undefined ? undefined : plan.tablesOf(placed);
          const expected = eager.get(`${placed?.pod.namespace}/${placed?.pod.name}`);
          if (tables === undefined || expected === undefined) continue;
          const names = [...expected.clusters.keys()];
          const name = names[pick % names.length] ?? '';
          expect(tables.clusters.get(name)).toEqual(expected.clusters.get(name));
          expect(tables.clusters.get(name)).toBe(tables.clusters.get(name));
          expect(tables.clusters.get(`${name}.absent`)).toBeUndefined();
          expect(written(tables)).toEqual(expected);
        }
        expect(plan.problems).toEqual(whole.problems);
      }),
      { numRuns: 60 },
    );
  });

  it('are one for proxies that see the same', async () => {
    const text = [...NAMESPACES.slice(0, 1)]
      .flatMap((home) => [
        `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${home}, labels: {istio-injection: enabled}}\n`,
        ...APPS.map((name) => workload(home, name)),
        object('Sidecar', NETWORKING)(1, home, '{workloadSelector: {labels: {app: a}}, egress: [{hosts: [./*]}]}'),
        object('Sidecar', NETWORKING)(2, home, '{workloadSelector: {labels: {app: b}}, egress: [{hosts: [one/*]}]}'),
      ])
      .join('---\n');
    const { proxies } = await compileText(text);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => proxies.get(`one/${name}-0`));
    expect(a?.outbound).toBe(b?.outbound);
    expect(a?.outbound).not.toBe(c?.outbound);
    const name = 'outbound|80||a.one.svc.cluster.local';
    expect(a?.clusters.get(name)).toBe(c?.clusters.get(name));
  });
});

import { describe, expect, it } from 'vitest';
import type { Cluster, Route } from '../../../src/traffic/tables.ts';
import { compileText } from '../compile-text.ts';

const HOST = 's.default.svc.cluster.local';

const mesh = (rule: string, rest = ''): string => `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Pod
metadata: {name: s-0, labels: {app: s, version: v1}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: s}, ports: [{name: http, port: 80}, {name: http-two, port: 81}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s}
spec: {host: s, ${rule}}
${rest}`;

const route = (destination: string, more = ''): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: s}
spec: {hosts: [s], http: [{route: [${destination}]${more}}]}
`;

const compiled = async (text: string) => {
  const { proxies, problems } = await compileText(text);
  const tables = proxies.get('default/client');
  return {
    problems,
    cluster: (port: number, subset = ''): Cluster | undefined =>
      tables?.clusters.get(`outbound|${port}|${subset}|${HOST}`),
    route: (port: number): Route | undefined => tables?.outbound.byPort.get(port)?.routes?.exact.get('s')?.routes[0],
  };
};

const HEADER = 'loadBalancer: {consistentHash: {httpHeaderName: X-User}}';
const BY_USER = [{ kind: 'header', name: 'x-user' }];

const forwardOf = (found: Route | undefined) => (found?.action.kind === 'forward' ? found.action : undefined);

describe('consistent hashing', () => {
  it('is on the route and in the cluster', async () => {
    const { problems, cluster, route: routeOf } = await compiled(mesh(`trafficPolicy: {${HEADER}}`));
    expect(problems).toEqual([]);
    expect(cluster(80)?.balancer).toEqual({ kind: 'ring-hash', tableSize: 1024 });
    expect(forwardOf(routeOf(80))?.hash).toEqual(BY_USER);
  });

  it('is for one port where its setting says so, and for a rule only where its destination names the port', async () => {
    const policy = `trafficPolicy: {portLevelSettings: [{port: {number: 81}, ${HEADER}}]}`;
    const own = await compiled(mesh(policy));
    expect(own.cluster(80)?.balancer).toEqual({ kind: 'least-request' });
    expect(forwardOf(own.route(80))?.hash).toBeUndefined();
    expect(forwardOf(own.route(81))?.hash).toEqual(BY_USER);
    const unnamed = await compiled(mesh(policy, route('{destination: {host: s}}')));
    expect(unnamed.cluster(81)?.balancer.kind).toBe('ring-hash');
    expect(forwardOf(unnamed.route(81))?.hash).toBeUndefined();
    const named = await compiled(mesh(policy, route('{destination: {host: s, port: {number: 81}}}')));
    expect(forwardOf(named.route(81))?.hash).toEqual(BY_USER);
  });

  it('keeps retries of a lone destination where they are, unless the rule says otherwise', async () => {
    const rule = `trafficPolicy: {${HEADER}}, subsets: [{name: v1, labels: {version: v1}}]`;
    const avoids = async (destination: string, retries = ''): Promise<boolean | undefined> =>
      forwardOf((await compiled(mesh(rule, route(destination, retries)))).route(80))?.retry?.avoidPreviousHosts;
    expect(await avoids('{destination: {host: s}}')).toBe(false);
    expect(await avoids('{destination: {host: s}}', ', retries: {attempts: 2}')).toBe(false);
    expect(await avoids('{destination: {host: s}}', ', retries: {attempts: 2, retryIgnorePreviousHosts: true}')).toBe(
      true,
    );
    const two = '{destination: {host: s, subset: v1}, weight: 1}, {destination: {host: s}, weight: 1}';
    expect(await avoids(two)).toBe(true);
  });

  it.each([
    ['maglev: {tableSize: 1024}', 'is not a prime'],
    ['maglev: {tableSize: 5000011}', 'is not a prime below'],
  ])('with %s is refused', async (table, message) => {
    const { problems } = await compiled(
      mesh(`trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x, ${table}}}}`),
    );
    expect(problems.map(({ severity }) => severity)).toEqual(['error']);
    expect(problems[0]?.message).toContain(message);
  });
});

describe('outlier detection and limits', () => {
  it("have Envoy's defaults where the rule is silent", async () => {
    const { cluster } = await compiled(mesh('trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0}}'));
    expect(cluster(80)?.outlier).toEqual({
      consecutive5xx: 0,
      consecutiveGatewayErrors: 0,
      consecutiveLocalOriginFailures: 0,
      splitsLocalOrigin: false,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionPercent: 10,
    });
    expect(cluster(80)?.panicPercent).toBeUndefined();
  });

  it('take 0 for unset, and are overlaid part by part', async () => {
    const host =
      'connectionPool: {tcp: {maxConnections: 3, idleTimeout: 5s}, http: {maxRetries: 0, http2MaxRequests: 7}}';
    const subset = 'outlierDetection: {minHealthPercent: 50}, retryBudget: {percent: 50}';
    const rule = `trafficPolicy: {${host}}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {${subset}}}]`;
    const { cluster, problems } = await compiled(mesh(rule));
    expect(problems).toEqual([]);
    expect(cluster(80)?.limits).toEqual({ maxConnections: 3, maxRequests: 7 });
    expect(cluster(80)?.lifetimes).toEqual({ idleMs: 5_000, tcpIdleMs: 5_000 });
    expect(cluster(80)?.outlier).toBeUndefined();
    expect(cluster(80, 'v1')?.panicPercent).toBe(50);
    expect(cluster(80, 'v1')?.limits).toEqual({
      maxConnections: 3,
      maxRequests: 7,
      retryBudget: { percent: 50, minimum: 3 },
    });
  });
});

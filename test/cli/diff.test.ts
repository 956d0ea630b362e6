import { describe, expect, it } from 'vitest';
import { createWorkspace } from '../support/workspace.ts';
import { BOOKSHOP } from '../traffic/bookshop.ts';

const SUBSETS = `${BOOKSHOP}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: v1
kind: Service
metadata: {name: archive}
spec:
  selector: {app: archive}
  ports: [{name: http, port: 80}]
---
`;

const routes = (http: string): string => `${SUBSETS}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
${http}
`;

const V1 = '  - route: [{destination: {host: reviews, subset: v1}}]';

const diff = async (old: string, now: string) => {
  const { stdout, stderr, code } = await createWorkspace({ 'old.yaml': old, 'new.yaml': now }).run(
    'diff old.yaml new.yaml -o json --breaking',
  );
  expect(stderr).toBe('');
  const { changes, summary } = JSON.parse(stdout);
  return { changes, summary, code };
};

const pathsOf = (requests: readonly { readonly path: string }[]): readonly string[] => [
  ...new Set(requests.map(({ path }) => path)),
];

describe('heddle diff', () => {
  it('finds nothing where only names, order of objects and comments differ', async () => {
    const named = '  - name: all\n    route: [{destination: {host: reviews.default.svc.cluster.local, subset: v1}}]';
    const { changes, summary, code } = await diff(routes(V1), `# moved\n${routes(named)}`);
    expect(changes).toEqual([]);
    expect(summary.unchanged).toBe(summary.asked);
    expect(summary.asked).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it('calls another share a change, and states it', async () => {
    const now =
      '  - route: [{destination: {host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]';
    const { changes, code } = await diff(routes(V1), routes(now));
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ impact: 'changed', source: expect.stringMatching(/^new\.yaml:\d+$/) });
    expect(changes[0].after.workloads).toEqual([
      { name: 'reviews-v1', version: 'v1', share: 0.9 },
      { name: 'reviews-v2', version: 'v2', share: 0.1 },
    ]);
    expect(code).toBe(0);
  });

  it('calls a route that is gone breaking, and one that came additive', async () => {
    const some = '  - match: [{uri: {exact: /a}}]\n    route: [{destination: {host: reviews, subset: v1}}]';
    const lost = await diff(routes(V1), routes(some));
    expect(lost.changes).toMatchObject([{ impact: 'breaking', after: { status: 404, flags: 'NR' } }]);
    expect(pathsOf(lost.changes[0].requests)).toEqual(['/', '/x', '/a/x', '/ax']);
    expect(lost.code).toBe(81);
    const gained = await diff(routes(some), routes(V1));
    expect(gained.changes).toMatchObject([
      { impact: 'additive', reasons: ['was not answered, is now', expect.anything()] },
    ]);
    expect(gained.code).toBe(0);
  });

  it.each([
    ['a method', 'method: {exact: PUT}', { method: 'PUT' }],
    ['a header', 'headers: {end-user: {exact: jason}}', { headers: [['end-user', 'jason']] }],
    ['a query', 'queryParams: {debug: {exact: "1"}}', { path: '/?debug=1' }],
    ['the second branch of a regex', 'uri: {regex: "/(one|two)/[0-9]+"}', { path: '/two/1' }],
  ])('finds by %s what only it reaches', async (_, match, request) => {
    const teapot = `  - match: [{${match}}]\n    directResponse: {status: 418}\n${V1}`;
    const { changes } = await diff(routes(V1), routes(teapot));
    expect(changes).toHaveLength(1);
    expect(changes[0].requests).toContainEqual(expect.objectContaining(request));
  });

  it.each([
    ['method', 'method: {exact: GET}', { method: 'POST' }],
    ['header', 'headers: {end-user: {exact: jason}}', { headers: [] }],
  ])('finds by a near miss that a condition on a %s is gone', async (_, match, missing) => {
    const route = 'route: [{destination: {host: reviews, subset: v1}}]';
    const { changes } = await diff(routes(`  - match: [{${match}}]\n    ${route}`), routes(`  - ${route}`));
    expect(changes[0]).toMatchObject({ impact: 'additive' });
    expect(changes[0].requests).toContainEqual(expect.objectContaining(missing));
  });

  it('calls another service in place of the one before breaking', async () => {
    const now = '  - route: [{destination: {host: archive}}]';
    const { changes } = await diff(routes(V1), routes(now));
    expect(changes[0]).toMatchObject({ impact: 'breaking' });
  });

  it('tells what the backend receives and how long it may take', async () => {
    const now = `  - rewrite: {uri: /new}\n    timeout: 1s\n    route: [{destination: {host: reviews, subset: v1}}]`;
    const { changes } = await diff(routes(V1), routes(now));
    expect(changes).toMatchObject([{ impact: 'changed' }]);
    expect(changes[0].reasons).toEqual([
      'the backend receives path /new instead of /',
      'timeout: none → 1000 ms for the whole request',
    ]);
  });

  it('tells the headers that are set, on the way there and back', async () => {
    const headers = (value: string): string =>
      `  - headers: {request: {set: {x-a: ${value}}}, response: {remove: [x-b]}}\n    route: [{destination: {host: reviews, subset: v1}}]`;
    const { changes } = await diff(routes(headers('one')), routes(headers('two')));
    expect(changes).toMatchObject([{ impact: 'changed', reasons: [expect.stringMatching(/x-a: one.* → .*x-a: two/)] }]);
    expect(changes[0].reasons[0]).toContain('remove x-b');
  });

  it('names the policy that denies a caller, and the PeerAuthentication that resets one', async () => {
    const policy = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers}
spec:
  selector: {matchLabels: {version: v1}}
  action: DENY
  rules: [{to: [{operation: {methods: [DELETE]}}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict}
spec: {mtls: {mode: STRICT}}
`;
    const { changes } = await diff(routes(V1), `${routes(V1)}${policy}`);
    expect(changes).toContainEqual(
      expect.objectContaining({
        impact: 'breaking',
        reasons: ['was allowed, is denied'],
        requests: expect.arrayContaining([expect.objectContaining({ method: 'DELETE', from: 'default/client' })]),
      }),
    );
    const outside = changes.find(({ requests }: { requests: { from: string }[] }) =>
      requests.some(({ from }) => from === 'outside'),
    );
    expect(outside).toMatchObject({ impact: 'breaking', source: expect.stringMatching(/^new\.yaml:\d+$/) });
  });

  it('asks gateways by the hosts they serve', async () => {
    const gateway = (host: string): string => `${SUBSETS}apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [${host}]
  gateways: [shop]
  http: [{route: [{destination: {host: reviews, subset: v1}}]}]
`;
    const { changes } = await diff(gateway('shop.example'), gateway('store.example'));
    expect(changes).toMatchObject([
      {
        impact: 'breaking',
        requests: [{ authority: 'shop.example', gateway: 'istio-system/istio-ingressgateway' }, {}],
      },
      { impact: 'additive', requests: [{ authority: 'store.example' }, {}] },
    ]);
  });
});

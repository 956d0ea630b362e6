import { describe, expect, it } from 'vitest';
import type { Route, RouteTable } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { type CompiledText, compileText } from '../compile-text.ts';

const routesOf = (compiled: CompiledText, proxy = 'default/client-0'): RouteTable => {
  const routes = compiled.proxies.get(proxy)?.outbound.byPort.get(80)?.routes;
  if (routes === undefined) throw new Error('nothing listens for HTTP on port 80');
  return routes;
};

const reviewsRoutes = async (rules: string, proxy?: string): Promise<readonly Route[]> => {
  const spec = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [reviews]
  http:${rules.replaceAll('\n', '\n  ')}`;
  const compiled = await compileText(BOOKSHOP + spec);
  return routesOf(compiled, proxy).exact.get('reviews')?.routes ?? [];
};

const clusters = (route: Route | undefined): readonly string[] =>
  route?.action.kind === 'forward' ? route.action.destinations.map(({ cluster }) => cluster) : [];

describe('the routes of a port', () => {
  it('know a service by every name, and by the bare one only at home', async () => {
    const other = `
apiVersion: v1
kind: Namespace
metadata: {name: other, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: stranger, namespace: other}
spec: {containers: [{name: app, image: app}]}
`;
    const compiled = await compileText(BOOKSHOP + other);
    expect([...routesOf(compiled).exact.keys()].filter((domain) => !domain.includes(':'))).toEqual([
      'reviews.default.svc.cluster.local',
      'reviews.default',
      'reviews.default.svc',
      'reviews',
      '10.144.0.1',
    ]);
    expect(routesOf(compiled, 'other/stranger').exact.has('reviews')).toBe(false);
    expect(routesOf(compiled, 'other/stranger').exact.has('reviews.default')).toBe(true);
  });

  it('pass the unknown through, or refuse it when the mesh allows only its registry', async () => {
    const any = routesOf(await compileText(BOOKSHOP)).any?.routes[0];
    expect([any?.name, ...clusters(any)]).toEqual(['allow_any', 'PassthroughCluster']);
    const closed = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}'}
`;
    const compiled = await compileText(BOOKSHOP + closed);
    expect(routesOf(compiled).any?.routes[0]).toMatchObject({
      name: 'block_all',
      action: { kind: 'respond', status: 502, body: '' },
    });
    expect(compiled.proxies.get('default/client-0')?.outbound.unknown).toBe('blackhole');
  });

  it('are the same object for all proxies that see the same', async () => {
    const compiled = await compileText(BOOKSHOP);
    expect(routesOf(compiled, 'default/reviews-v1-0')).toBe(routesOf(compiled));
  });

  it('lead a service without rules to its cluster, with the default retries', async () => {
    const route = routesOf(await compileText(BOOKSHOP)).exact.get('reviews')?.routes[0];
    expect(route).toMatchObject({
      name: 'default',
      operation: 'reviews.default.svc.cluster.local:80/*',
      action: { timeoutMs: 0, retry: { attempts: 2, backOffBaseMs: 25 } },
      origin: { resource: 'Service default/reviews' },
    });
  });
});

describe('a VirtualService', () => {
  it('is ignored whole when an older one has its host', async () => {
    const younger = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: older}
spec: {hosts: [reviews], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: younger}
spec: {hosts: [reviews.default.svc.cluster.local], http: [{route: [{destination: {host: reviews}}]}]}
`;
    const routes = routesOf(await compileText(BOOKSHOP + younger)).exact.get('reviews')?.routes;
    expect(routes?.map(({ origin }) => origin?.resource)).toEqual(['VirtualService default/older']);
  });

  it('names its rules as the access log prints them, and where each stands in the file', async () => {
    const routes = await reviewsRoutes(`
- name: first
  match: [{name: m1, uri: {prefix: /a}}, {uri: {exact: /b}}]
  route: [{destination: {host: reviews}}]
- route: [{destination: {host: reviews}}]`);
    expect(routes.map(({ name }) => name)).toEqual(['first.m1', 'first', '']);
    expect(routes.map(({ operation }) => operation)).toEqual([
      'reviews.default.svc.cluster.local:80/a*',
      'reviews.default.svc.cluster.local:80/b',
      'reviews.default.svc.cluster.local:80/*',
    ]);
    const lines = routes.map(({ origin }) => origin?.span.line ?? 0);
    expect(lines[1]).toBe(lines[0]);
    expect(lines[2]).toBeGreaterThan(lines[0] ?? 0);
  });

  it('drops what comes after a rule that takes everything', async () => {
    const routes = await reviewsRoutes(`
- match: [{uri: {prefix: /}}, {uri: {prefix: /a}}]
  route: [{destination: {host: reviews}}]
- route: [{destination: {host: other}}]`);
    expect(routes).toHaveLength(1);
  });

  it('gives the service its default route back when no rule is for this client', async () => {
    const rules = `
- match: [{sourceLabels: {app: nobody}}, {sourceNamespace: other}, {gateways: [gw]}, {port: 81}]
  route: [{destination: {host: other}}]`;
    expect((await reviewsRoutes(rules)).map(({ name }) => name)).toEqual(['default']);
  });

  it('tells clients apart by their labels', async () => {
    const rules = `
- match: [{sourceLabels: {app: client}}]
  route: [{destination: {host: one}}]
- route: [{destination: {host: two}}]`;
    expect(clusters((await reviewsRoutes(rules))[0])).toEqual(['outbound|80||one.default.svc.cluster.local']);
    expect(clusters((await reviewsRoutes(rules, 'default/reviews-v1-0'))[0])).toEqual([
      'outbound|80||two.default.svc.cluster.local',
    ]);
  });

  it('leaves out destinations of weight 0 and says VirtualService and port where the host is open', async () => {
    const [route] = await reviewsRoutes(`
- route:
  - {destination: {host: reviews, subset: v1}, weight: 1}
  - {destination: {host: reviews, subset: v2, port: {number: 81}}, weight: 3}
  - {destination: {host: reviews.other}}`);
    expect(clusters(route)).toEqual([
      'outbound|80|v1|reviews.default.svc.cluster.local',
      'outbound|81|v2|reviews.default.svc.cluster.local',
    ]);
    expect(route?.action).toMatchObject({ totalWeight: 4 });
    expect(route?.operation).toBe('shop:80/*');
  });

  it('merges header levels for a single destination, and turns a set Host into a rewrite', async () => {
    const [route] = await reviewsRoutes(`
- headers: {request: {set: {X-Both: route, Host: a.com}, add: {x-add: route}, remove: [X-Gone]}}
  route:
  - destination: {host: reviews}
    headers: {request: {set: {x-both: dest}}, response: {add: {x-up: '1'}}}`);
    expect(route?.requestHeaders).toEqual({
      set: [
        ['x-both', 'route'],
        ['x-both', 'dest'],
      ],
      add: [['x-add', 'route']],
      remove: ['x-gone'],
    });
    expect(route?.responseHeaders?.add).toEqual([['x-up', '1']]);
    expect(route?.action).toMatchObject({
      rewrite: { authority: 'a.com' },
      destinations: [{ requestHeaders: undefined }],
    });
  });

  it('lets weighted destinations set their own Host unless the rule rewrites it', async () => {
    const rule = (rewrite: string): string => `
- ${rewrite}
  route:
  - {destination: {host: a}, weight: 1, headers: {request: {set: {host: a.com}}}}
  - {destination: {host: b}, weight: 1}`;
    const hosts = async (rewrite: string): Promise<unknown> => {
      const [route] = await reviewsRoutes(rule(rewrite));
      return route?.action.kind === 'forward' ? route.action.destinations[0].requestHeaders?.set : undefined;
    };
    expect(await hosts('name: x')).toEqual([['host', 'a.com']]);
    expect(await hosts('rewrite: {authority: z.com}')).toEqual([]);
  });

  it('leaves default ports out of a redirect', async () => {
    const ports = async (redirect: string): Promise<unknown> => {
      const [route] = await reviewsRoutes(`\n- redirect: ${redirect}`);
      return route?.action.kind === 'redirect' ? route.action.port : 'no redirect';
    };
    expect(await ports('{authority: a.com, port: 80}')).toBeUndefined();
    expect(await ports('{authority: a.com, port: 8443}')).toBe(8443);
    expect(await ports('{scheme: https, derivePort: FROM_REQUEST_PORT}')).toBe(80);
    expect(await ports('{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}')).toBeUndefined();
  });

  it('answers by itself with a text or with bytes', async () => {
    const body = async (fields: string): Promise<unknown> =>
      (await reviewsRoutes(`\n- directResponse: {status: 503, body: ${fields}}`))[0]?.action;
    expect(await body('{string: hello}')).toMatchObject({ kind: 'respond', status: 503, body: 'hello' });
    expect(await body('{bytes: aGVsbG8=}')).toMatchObject({ body: 'hello' });
  });

  it('reads timeout, retries, fault and mirrors', async () => {
    const [route] = await reviewsRoutes(`
- timeout: 1.5s
  retries: {attempts: 3, perTryTimeout: 200ms, retryOn: '5xx,418', retryIgnorePreviousHosts: false}
  fault: {delay: {fixedDelay: 2s, percentage: {value: 10}}, abort: {grpcStatus: UNAVAILABLE}}
  mirrors: [{destination: {host: a}}, {destination: {host: b}, percentage: {value: 0}}]
  route: [{destination: {host: reviews}}]`);
    expect(route?.action).toMatchObject({
      timeoutMs: 1500,
      retry: { attempts: 3, perTryTimeoutMs: 200, avoidPreviousHosts: false },
      fault: { delay: { ms: 2000, percent: 10 }, abort: { status: 200, grpcStatus: 14, percent: 0 } },
      mirrors: [{ cluster: 'outbound|80||a.default.svc.cluster.local', percent: 100 }],
    });
    const retry = route?.action.kind === 'forward' ? route.action.retry : undefined;
    expect([...(retry?.on ?? []), ...(retry?.statusCodes ?? [])]).toEqual(['5xx', 'retriable-status-codes', 418]);
  });
});

describe('a delegate', () => {
  const withDelegate = (delegate: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root}
spec:
  hosts: [reviews]
  http:
  - name: root
    match: [{uri: {prefix: /api}, headers: {x: {exact: '1'}}}]
    rewrite: {uri: /}
    timeout: 1s
    delegate: {name: inner, namespace: team}
  - route: [{destination: {host: reviews}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inner, namespace: team}
spec:
  http: ${delegate}
`;

  it('narrows the matches of its root, inherits what it does not set, and short hosts are its own', async () => {
    const compiled = await compileText(
      BOOKSHOP +
        withDelegate(`
  - name: leaf
    match: [{uri: {prefix: /api/v1}}, {uri: {prefix: /elsewhere}}]
    timeout: 2s
    route: [{destination: {host: a}}]`),
    );
    const routes = routesOf(compiled).exact.get('reviews')?.routes ?? [];
    expect(routes.map(({ name }) => name)).toEqual(['root-leaf', '']);
    expect(routes[0]).toMatchObject({
      match: { path: { kind: 'prefix', value: '/api/v1' }, headers: [{ name: 'x' }] },
      action: { timeoutMs: 2000, rewrite: { path: { prefix: '/api/v1', value: '/' } } },
      origin: { resource: 'VirtualService team/inner' },
    });
    expect(clusters(routes[0])).toEqual(['outbound|80||a.team.svc.cluster.local']);
    expect(compiled.problems).toEqual([]);
  });

  it('that does not exist is warned about, and its rule falls through', async () => {
    const text = withDelegate('[{route: [{destination: {host: a}}]}]').replace(
      'name: inner, namespace: team}\nspec',
      'name: x}\nspec',
    );
    const compiled = await compileText(BOOKSHOP + text);
    expect(routesOf(compiled).exact.get('reviews')?.routes).toHaveLength(1);
    expect(compiled.problems.map(({ code }) => code)).toContain('DELEGATE_NOT_FOUND');
  });
});

describe('listeners that are not HTTP alone', () => {
  const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: reviews}, ports: [{name: ${name}, port: 5000, targetPort: web}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db}
spec: {hosts: [db], tcp: [{match: [{port: 5000}], route: [{destination: {host: reviews, port: {number: 80}}}]}]}
`;

  it('take TCP rules at the service address', async () => {
    const listener = (await compileText(BOOKSHOP + service('tcp'))).proxies
      .get('default/client-0')
      ?.outbound.byAddress.get('10.144.0.2:5000');
    expect(listener).toMatchObject({
      protocol: 'tcp',
      routes: undefined,
      tcp: { destinations: [{ cluster: 'outbound|80||reviews.default.svc.cluster.local' }] },
    });
  });

  it('route every Host to the service where the protocol is not declared', async () => {
    const listener = (await compileText(BOOKSHOP + service('anything'))).proxies
      .get('default/client-0')
      ?.outbound.byAddress.get('10.144.0.2:5000');
    expect(listener?.protocol).toBe('auto');
    expect(listener?.routes?.any?.name).toBe('db.default.svc.cluster.local:5000');
  });

  it('send what is no HTTP on an HTTP port on as it is', async () => {
    const tables = (await compileText(BOOKSHOP)).proxies.get('default/client-0');
    expect(tables?.outbound.byPort.get(80)?.tcp?.destinations[0].cluster).toBe('PassthroughCluster');
  });
});

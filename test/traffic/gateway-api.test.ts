import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/traffic/path.ts';
import { routeFor } from '../../src/traffic/routing.ts';
import type { Route } from '../../src/traffic/tables.ts';
import { type CompiledText, compileText } from './compile-text.ts';

const app = (name: string, namespace = 'default'): string => `
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80}, {name: tcp, port: 9000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}, sidecar.istio.io/inject: "true"}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 80}, {containerPort: 9000}]}]}`;

const gateway = (listeners: string, more = ''): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec: {gatewayClassName: istio${more}, listeners: [${listeners}]}`;

const route = (name: string, spec: string, { kind = 'HTTPRoute', namespace = 'default' } = {}): string => `
---
apiVersion: gateway.networking.k8s.io/${kind === 'TCPRoute' ? 'v1alpha2' : 'v1'}
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;

const HTTP = '{name: http, port: 80, protocol: HTTP}';
const APPS = app('one') + app('two');

const ask = (
  compiled: CompiledText,
  path: string,
  { host = 'a.com', port = 80, method = 'GET' } = {},
): Route | undefined => {
  const tables = compiled.proxies.get('default/gw-istio-0');
  const normal = normalizePath(path, 'BASE');
  if (tables === undefined || 'refused' in normal) throw new Error('nobody to ask');
  const head = { method, path: normal.path, authority: host, scheme: 'http', headerValues: () => [] };
  return routeFor(tables, { direction: 'gateway', address: '', port }, head);
};

const clusterOf = (found: Route | undefined): string | undefined =>
  found?.action.kind === 'forward' ? found.action.destinations[0].cluster : found?.action.kind;

const to = (name: string): string => `outbound|80||${name}.default.svc.cluster.local`;

const codes = ({ problems }: CompiledText): readonly string[] =>
  problems.map(({ code, span }) => `${code} ${span?.line}`);

describe('routes of a Gateway', () => {
  it('rank their rules across objects, and those of equal rank by name', async () => {
    const compiled = await compileText(
      APPS +
        gateway(HTTP) +
        route('b', '{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: one, port: 80}]}]}') +
        route(
          'a',
          '{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: two, port: 80}]}, {matches: [{path: {type: Exact, value: /x}}], backendRefs: [{name: one, port: 80}]}]}',
        ),
    );
    expect(clusterOf(ask(compiled, '/'))).toBe(to('two'));
    expect(clusterOf(ask(compiled, '/x'))).toBe(to('one'));
    expect(ask(compiled, '/x')?.name).toBe('default.a.1');
    expect(compiled.problems).toEqual([]);
  });

  it('say where each rule is written', async () => {
    const compiled = await compileText(
      `${APPS}${gateway(HTTP)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: default}
spec:
  parentRefs: [{name: gw}]
  rules:
  - matches:
    - path: {value: /x}
    backendRefs:
    - {name: one, port: 80}
`,
    );
    const found = ask(compiled, '/x/y');
    const lines = `${APPS}${gateway(HTTP)}`.split('\n').length;
    expect(found?.origin?.resource).toBe('HTTPRoute default/r');
    expect(found?.origin?.span.line).toBe(lines + 9);
    const destination = found?.action.kind === 'forward' ? found.action.destinations[0] : undefined;
    expect(destination?.origin?.span.line).toBe(lines + 11);
  });

  it('go nowhere for one filter that Istio does not have', async () => {
    const compiled = await compileText(
      APPS +
        gateway(HTTP) +
        route(
          'r',
          '{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: one, port: 80}]}, {matches: [{path: {value: /x}}], filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: Foo, name: f}}], backendRefs: [{name: two, port: 80}]}]}',
        ),
    );
    expect(ask(compiled, '/')).toBeUndefined();
    expect(compiled.problems.map(({ code }) => code)).toEqual(['ROUTE_NOT_USED']);
  });

  it('need a grant for a backend of another namespace, for its kind and name', async () => {
    const grant = (name: string): string => `
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: far}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}], to: [{group: "", kind: Service${name}}]}`;
    const asking = (granted: string): Promise<CompiledText> =>
      compileText(
        app('there', 'far') +
          gateway(HTTP) +
          granted +
          route('r', '{parentRefs: [{name: gw}], rules: [{backendRefs: [{name: there, namespace: far, port: 80}]}]}'),
      );
    const granted = 'outbound|80||there.far.svc.cluster.local';
    expect(clusterOf(ask(await asking(grant('')), '/'))).toBe(granted);
    expect(clusterOf(ask(await asking(grant(', name: there')), '/'))).toBe(granted);
    for (const refused of [await asking(''), await asking(grant(', name: other'))]) {
      const found = ask(refused, '/');
      expect(clusterOf(found)).not.toBe(granted);
      expect(found?.action).toMatchObject({ kind: 'forward', missingClusterStatus: 500 });
      expect(refused.problems.map(({ code }) => code)).toEqual(['BACKEND_NOT_GRANTED']);
    }
  });

  it('take limits as the API means them: 0s is none, and one try counts where none is repeated', async () => {
    const timeouts = async (text: string): Promise<unknown> => {
      const spec = `{parentRefs: [{name: gw}], rules: [{${text}, backendRefs: [{name: one, port: 80}]}]}`;
      const action = ask(await compileText(APPS + gateway(HTTP) + route('r', spec)), '/')?.action;
      return action?.kind === 'forward'
        ? [action.timeoutMs, action.retry?.attempts, action.retry?.perTryTimeoutMs]
        : action;
    };
    expect(await timeouts('timeouts: {request: 0s}')).toEqual([0, 2, 0]);
    expect(await timeouts('timeouts: {request: 2s, backendRequest: 1s}')).toEqual([1_000, 2, 0]);
    expect(await timeouts('timeouts: {request: 2s, backendRequest: 1s}, retry: {attempts: 4}')).toEqual([
      2_000, 4, 1_000,
    ]);
    expect(await timeouts('retry: {attempts: 0}')).toEqual([0, undefined, undefined]);
  });

  it('are not attached where no listener takes them, and it is said why', async () => {
    const compiled = await compileText(
      APPS +
        gateway('{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}') +
        route(
          'r',
          '{parentRefs: [{name: gw}], hostnames: [other.com], rules: [{backendRefs: [{name: one, port: 80}]}]}',
        ) +
        route('s', '{parentRefs: [{name: gw, sectionName: nope}], rules: [{backendRefs: [{name: one, port: 80}]}]}') +
        route('t', '{parentRefs: [{name: gw, namespace: default}], rules: [{backendRefs: [{name: one, port: 80}]}]}', {
          namespace: 'far',
        }),
    );
    expect(compiled.problems.map(({ code, message }) => [code, message.replace(/.*: /, '')])).toEqual([
      ['ROUTE_NOT_ATTACHED', 'no hostname of the route is one of listener http (*.example.com)'],
      ['ROUTE_NOT_ATTACHED', 'it has no listener nope'],
      ['ROUTE_NOT_ATTACHED', 'listener http admits no routes of namespace far'],
    ]);
    expect(ask(compiled, '/', { host: 'x.example.com' })).toBeUndefined();
  });

  it('reach the listeners of a ListenerSet that the Gateway admits', async () => {
    const set = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: default}
spec: {parentRef: {name: gw}, listeners: [{name: extra, port: 8081, protocol: HTTP}]}`;
    const spec = '{parentRefs: [{kind: ListenerSet, name: more}], rules: [{backendRefs: [{name: one, port: 80}]}]}';
    const admits = ', allowedListeners: {namespaces: {from: Same}}';
    const open = await compileText(APPS + gateway(HTTP, admits) + set + route('r', spec));
    expect(clusterOf(ask(open, '/', { port: 8081 }))).toBe(to('one'));
    expect(ask(open, '/')).toBeUndefined();
    const closed = await compileText(APPS + gateway(HTTP) + set + route('r', spec));
    expect(closed.proxies.get('default/gw-istio-0')?.gateway.has(8081)).toBe(false);
    expect(closed.problems.map(({ code }) => code)).toEqual(['LISTENERS_NOT_ALLOWED', 'ROUTE_NOT_ATTACHED']);
  });

  it('warn of what has no effect at its line', async () => {
    const compiled = await compileText(
      APPS +
        gateway(HTTP) +
        route(
          'r',
          '\n  parentRefs: [{name: gw}]\n  rules:\n  - sessionPersistence: {type: Cookie}\n    backendRefs: [{name: one, port: 80}]',
        ),
    );
    const line = `${APPS}${gateway(HTTP)}`.split('\n').length + 8;
    expect(codes(compiled).filter((code) => code.startsWith('UNSUPPORTED'))).toEqual([`UNSUPPORTED_FIELD ${line}`]);
  });
});

describe('routes of the mesh', () => {
  const answered = (compiled: CompiledText, client: string, port = 80): string | undefined => {
    const tables = compiled.proxies.get(client);
    const address = compiled.world.serviceAddress('default', 'one') ?? '';
    const authority = 'one.default';
    const head = { method: 'GET', path: '/', authority, scheme: 'http', headerValues: () => [] };
    return tables && clusterOf(routeFor(tables, { direction: 'outbound', address, port }, head));
  };
  const parent = '{group: "", kind: Service, name: one, namespace: default}';
  const sendTo = (name: string, namespace = 'default'): string =>
    `{parentRefs: [${parent}], rules: [{backendRefs: [{name: ${name}, namespace: ${namespace}, port: 80}]}]}`;

  it('of the service are for all clients, those of a client for its own namespace and first', async () => {
    const compiled = await compileText(
      APPS +
        app('near', 'far') +
        app('bystander', 'third') +
        route('producer', sendTo('two')) +
        route('consumer', sendTo('near', 'far'), { namespace: 'far' }),
    );
    expect(answered(compiled, 'default/two')).toBe(to('two'));
    expect(answered(compiled, 'third/bystander')).toBe(to('two'));
    expect(answered(compiled, 'far/near')).toBe('outbound|80||near.far.svc.cluster.local');
  });

  it('beat a VirtualService of the same host', async () => {
    const compiled = await compileText(
      `${APPS}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: default}
spec: {hosts: [one], http: [{route: [{destination: {host: one}}]}]}
${route('r', sendTo('two'))}`,
    );
    expect(answered(compiled, 'default/two')).toBe(to('two'));
  });

  it('send connections where a TCPRoute says, on the port it says', async () => {
    const spec = `{parentRefs: [{group: "", kind: Service, name: one, port: 9000}], rules: [{backendRefs: [{name: two, port: 9000}]}]}`;
    const compiled = await compileText(APPS + route('t', spec, { kind: 'TCPRoute' }));
    const address = compiled.world.serviceAddress('default', 'one');
    const listener = compiled.proxies.get('default/two')?.outbound.byAddress.get(`${address}:9000`);
    expect(listener?.tcp?.destinations[0].cluster).toBe('outbound|9000||two.default.svc.cluster.local');
  });
});

import { describe, expect, it } from 'vitest';
import { type BucketLevels, describeRequest, limitFor, takeTokens } from '../../src/traffic/rate-limit.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import { compileText } from './compile-text.ts';

const WORKLOAD = `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: default, labels: {app: app}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: default}
spec: {clusterIP: 10.96.0.9, selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
`;

const TYPE = 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const typed = (fields: string): string => `{'@type': ${TYPE}, stat_prefix: l, ${fields}}`;
const struct = (fields: string): string =>
  `{'@type': type.googleapis.com/udpa.type.v1.TypedStruct, type_url: ${TYPE}, value: {stat_prefix: l, ${fields}}}`;
const HCM = 'envoy.filters.network.http_connection_manager';
const BEFORE_ROUTER = `{name: ${HCM}, subFilter: {name: envoy.filters.http.router}}`;
const ON =
  'filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}, filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}';
const BUCKET = 'token_bucket: {max_tokens: 4, tokens_per_fill: 4, fill_interval: 60s}';

const httpFilter = (config: string, filter = BEFORE_ROUTER, more = ''): string => `
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND, listener: {filterChain: {filter: ${filter}}${more}}}
    patch: {operation: INSERT_BEFORE, value: {name: envoy.filters.http.local_ratelimit, typed_config: ${config}}}`;
const envoyFilter = (patches: string, name = 'limit', spec = ''): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: ${name}, namespace: default}
spec:
  ${spec}
  configPatches:${patches}
---
`;

const compile = async (text: string) => {
  const { proxies, problems } = await compileText(WORKLOAD + text);
  return { tables: proxies.get('default/app'), problems: problems.map(({ code, message }) => `${code} ${message}`) };
};

const limitOf = (tables: ProxyTables | undefined) => {
  const filter = tables?.rateLimits?.filters[0];
  if (tables?.rateLimits === undefined || filter === undefined) throw new Error('nothing is limited');
  const route = tables.inbound.get(8080)?.routes.any?.routes[0];
  return { limit: limitFor(tables.rateLimits, filter, route), ofRoute: route && tables.rateLimits.routes.get(route) };
};

const facts = (headers: Record<string, string> = {}, path = '/') => ({
  request: {
    method: 'GET',
    path,
    authority: 'app',
    scheme: 'http',
    headerValues: (name: string) => (headers[name] === undefined ? [] : [headers[name]]),
  },
  remoteAddress: '10.44.1.1',
  cluster: 'inbound|8080||',
});

describe('a local rate limit', () => {
  it.each([
    ['in its own type', typed],
    ['in a TypedStruct', struct],
  ])('is read %s', async (_, write) => {
    const headers = "response_headers_to_add: [{append: false, header: {key: X-Local-Rate-Limit, value: 'true'}}]";
    const { tables, problems } = await compile(envoyFilter(httpFilter(write(`${BUCKET}, ${ON}, ${headers}`))));
    expect(problems).toEqual([]);
    expect(limitOf(tables).limit).toMatchObject({
      bucket: { maxTokens: 4, tokensPerFill: 4, fillMs: 60_000 },
      enabledPercent: 100,
      enforcedPercent: 100,
      status: 429,
      responseHeaders: [{ how: 'set', name: 'x-local-rate-limit', value: 'true' }],
      origin: { resource: 'EnvoyFilter default/limit' },
    });
  });

  it('lets as many requests pass as it has tokens, and fills evenly', async () => {
    const { tables } = await compile(envoyFilter(httpFilter(typed(`${BUCKET}, ${ON}`))));
    const { limit } = limitOf(tables);
    const levels: BucketLevels = new Map();
    const take = (nowMs: number) => takeTokens(limit, [], levels, 'inbound 8080', nowMs);
    expect([0, 1, 2, 3, 4].map((ms) => take(ms).isAllowed)).toEqual([true, true, true, true, false]);
    expect(take(15_100)).toEqual({ isAllowed: true, told: { limit: 4, remaining: 0, resetSeconds: 15 } });
    expect(take(15_200).isAllowed).toBe(false);
    expect(takeTokens(limit, [], levels, 'inbound 8081', 15_200).told?.remaining).toBe(3);
    expect(take(10_000_000).told?.remaining).toBe(3);
  });

  it('is not on without filter_enabled', async () => {
    const { tables } = await compile(envoyFilter(httpFilter(typed(BUCKET))));
    expect(limitOf(tables).limit).toMatchObject({ enabledPercent: 0, enforcedPercent: 0 });
  });

  it('tells requests apart by descriptors, which a route describes', async () => {
    const descriptors = `descriptors: [
      {entries: [{key: user, value: jason}], token_bucket: {max_tokens: 1, tokens_per_fill: 1, fill_interval: 60s}}]`;
    const route = `
  - applyTo: HTTP_ROUTE
    match: {context: SIDECAR_INBOUND, routeConfiguration: {vhost: {name: 'inbound|http|80', route: {action: ANY}}}}
    patch:
      operation: MERGE
      value:
        route: {rate_limits: [{actions: [{request_headers: {header_name: x-user, descriptor_key: user}}]}]}
        typed_per_filter_config: {envoy.filters.http.local_ratelimit: ${typed(`${BUCKET}, ${ON}, ${descriptors}`)}}`;
    const { tables, problems } = await compile(envoyFilter(httpFilter(typed('')) + route));
    expect(problems).toEqual([]);
    const { limit, ofRoute } = limitOf(tables);
    const levels: BucketLevels = new Map();
    const ask = (headers: Record<string, string>): boolean =>
      takeTokens(limit, describeRequest(limit, ofRoute, facts(headers)), levels, '', 0).isAllowed;
    expect([ask({ 'x-user': 'jason' }), ask({ 'x-user': 'jason' }), ask({ 'x-user': 'other' }), ask({})]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(ask({})).toBe(true);
    expect(ask({})).toBe(false);
  });

  it('of a virtual host is one bucket for its routes, and one of routes is a bucket for each', async () => {
    const routes = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app, namespace: default}
spec:
  hosts: [app]
  http:
  - {match: [{uri: {prefix: /a}}], route: [{destination: {host: app}}]}
  - {route: [{destination: {host: app}}]}
---
`;
    const bucketsWith = async (applyTo: string) => {
      const patch = `
  - applyTo: ${applyTo}
    match: {context: SIDECAR_OUTBOUND, routeConfiguration: {name: '80', vhost: {name: 'app.default.svc.cluster.local:80'}}}
    patch:
      operation: MERGE
      value: {typed_per_filter_config: {envoy.filters.http.local_ratelimit: ${typed(`${BUCKET}, ${ON}`)}}}`;
      const filter = httpFilter(typed('')).replace('SIDECAR_INBOUND', 'SIDECAR_OUTBOUND');
      const { tables } = await compile(routes + envoyFilter(filter + patch));
      const found = [...(tables?.rateLimits?.routes.values() ?? [])];
      const ids = found.flatMap(({ limits }) => [...limits.values()].map(({ bucket }) => bucket?.id));
      return [found.length, new Set(ids).size];
    };
    expect(await bucketsWith('VIRTUAL_HOST')).toEqual([2, 1]);
    expect(await bucketsWith('HTTP_ROUTE')).toEqual([2, 2]);
  });

  it.each([
    ['generic_key: {descriptor_value: a}', [['generic_key', 'a']]],
    ['generic_key: {descriptor_value: a, descriptor_key: k}', [['k', 'a']]],
    ['remote_address: {}', [['remote_address', '10.44.1.1']]],
    ['destination_cluster: {}', [['destination_cluster', 'inbound|8080||']]],
    ["request_headers: {header_name: ':path', descriptor_key: p}", [['p', '/a?b=1']]],
    ['query_parameters: {query_parameter_name: b, descriptor_key: b}', [['b', '1']]],
    ['request_headers: {header_name: x-none, descriptor_key: p}', undefined],
    [
      "header_value_match: {descriptor_value: a, headers: [{name: ':path', prefix_match: /a}]}",
      [['header_match', 'a']],
    ],
    [
      "header_value_match: {descriptor_value: a, headers: [{name: x-a, string_match: {exact: '1'}}]}",
      [['header_match', 'a']],
    ],
    [
      'header_value_match: {descriptor_value: a, expect_match: false, headers: [{name: x-a, present_match: true}]}',
      undefined,
    ],
  ])('describes by %s', async (action, expected) => {
    const more = `descriptors: [{entries: [{key: a, value: b}], ${BUCKET}}], rate_limits: [{actions: [{${action}}]}]`;
    const { tables } = await compile(envoyFilter(httpFilter(typed(`${BUCKET}, ${ON}, ${more}`))));
    const described = describeRequest(limitOf(tables).limit, undefined, facts({ 'x-a': '1' }, '/a?b=1'));
    expect(described).toEqual(expected === undefined ? [] : [expected]);
  });

  it('holds for the workloads and ports it is for, in front of policies where it is inserted there', async () => {
    const other = envoyFilter(httpFilter(typed(`${BUCKET}, ${ON}`)), 'other', 'workloadSelector: {labels: {app: x}}');
    expect((await compile(other)).tables?.rateLimits).toBeUndefined();
    const first = envoyFilter(httpFilter(typed(`${BUCKET}, ${ON}`), `{name: ${HCM}}`, ', portNumber: 8080'));
    expect((await compile(first)).tables?.rateLimits?.filters).toMatchObject([
      { direction: 'inbound', port: 8080, isFirst: true },
    ]);
  });

  it('reports what it does not do, and what Envoy would refuse, at its line', async () => {
    const lua = `
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND}
    patch: {operation: INSERT_FIRST, value: {name: lua, typed_config: {'@type': type.googleapis.com/x.Lua}}}`;
    const mixed = await compile(envoyFilter(httpFilter(typed(`${BUCKET}, ${ON}, local_cluster_rate_limit: {}`)) + lua));
    expect(mixed.problems).toEqual([
      expect.stringContaining('UNSUPPORTED_FIELD local_cluster_rate_limit'),
      expect.stringContaining('UNSUPPORTED_FIELD HTTP_FILTER patch'),
    ]);
    expect((await compile(envoyFilter(lua))).problems).toEqual([
      expect.stringContaining('UNSUPPORTED_KIND EnvoyFilter'),
    ]);
    const never = 'token_bucket: {max_tokens: 4, tokens_per_fill: 4, fill_interval: 1ms}';
    const refused = await compile(envoyFilter(httpFilter(typed(`${never}, ${ON}`))));
    expect(refused.tables?.rateLimits).toBeUndefined();
    expect(refused.problems[0]).toContain('REFUSED_BY_ENVOY');
  });
});

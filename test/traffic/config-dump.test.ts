import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clustersOf, clusterTable } from '../../src/envoy/clusters.ts';
import { type ConfigDump, readConfigDump, type SectionName, sectionOf } from '../../src/envoy/config-dump.ts';
import { type JsonObject, textAt } from '../../src/envoy/json.ts';
import { listenersOf, listenerTable } from '../../src/envoy/listeners.ts';
import { routesOf, routeTable } from '../../src/envoy/routes.ts';
import { configDump, type DumpQuery } from '../../src/traffic/config-dump/config-dump.ts';
import { clusterStatuses } from '../../src/traffic/config-dump/host-statuses.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import { envoyBinary } from '../bench/proxy/peers.ts';
import { envoyRefusal } from '../support/envoy-validate.ts';
import { compileText } from './compile-text.ts';

const SHOP = `apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio-injection: enabled } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web, version: v1 } }
spec: { containers: [{ name: web, image: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp-db, port: 3306 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: edge, namespace: shop, labels: { istio: ingressgateway }, annotations: { inject.istio.io/templates: gateway } }
spec: { containers: [{ name: istio-proxy, image: auto }] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 8080, name: http, protocol: HTTP }, hosts: [shop.example.com] }
  - { port: { number: 8443, name: tls, protocol: TLS }, hosts: [db.example.com], tls: { mode: PASSTHROUGH } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example.com, web]
  gateways: [edge, mesh]
  http:
  - match: [{ uri: { prefix: /a } }]
    rewrite: { uri: /b, authority: b.example.com }
    timeout: 250ms
    retries: { attempts: 3, perTryTimeout: 1s, retryOn: "5xx,503" }
    route: [{ destination: { host: web, subset: v1 } }]
  - match: [{ uri: { exact: /one } }]
    rewrite: { uri: /two }
    route: [{ destination: { host: web, port: { number: 80 } } }]
  - match: [{ uri: { prefix: /r } }]
    rewrite: { uriRegexRewrite: { match: "/r/(.*)", rewrite: '/\\1' } }
    corsPolicy: { allowOrigins: [{ exact: "https://a.example.com" }], maxAge: 24h }
    mirrors: [{ destination: { host: web, subset: v1 }, percentage: { value: 12.5 } }]
    headers: { request: { set: { x-a: b }, remove: [x-c] }, response: { add: { x-d: e } } }
    route: [{ destination: { host: web, port: { number: 80 } } }]
  - match: [{ method: { exact: PUT }, withoutHeaders: { x-off: {} } }]
    route: [{ destination: { host: web, port: { number: 80 } } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db, namespace: shop }
spec:
  hosts: [db.example.com]
  gateways: [edge]
  tls:
  - match: [{ sniHosts: [db.example.com] }]
    route: [{ destination: { host: web, port: { number: 3306 } } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: shop }
spec:
  host: web
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 7 }, http: { maxRequestsPerConnection: 2 } }
    loadBalancer: { consistentHash: { httpHeaderName: x-user } }
    outlierDetection: { consecutive5xxErrors: 3, interval: 2s }
  subsets: [{ name: v1, labels: { version: v1 } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: some, namespace: shop }
spec:
  action: DENY
  rules:
  - from: [{ source: { principals: [cluster.local/ns/a/sa/b], notNamespaces: [c] } }, { source: { ipBlocks: [10.1.0.0/16] } }]
    to: [{ operation: { methods: [POST], paths: [/x*], ports: ["8080"] } }]
    when: [{ key: "request.headers[x-h]", values: [v] }]
`;

const TOKENS = `---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: shop }
spec: { jwtRules: [{ issuer: a.example.com, jwks: '{"keys":[]}' }] }
`;

const EVERYTHING: DumpQuery = { includeEndpoints: true, mask: [] };

const dumpOf = (tables: ProxyTables, query = EVERYTHING): object =>
  configDump({ tables, tablesSinceMs: 0, certificates: { chain: 'CHAIN', roots: 'ROOTS' }, version: '1.2.3' }, query);

const read = (dump: object): ConfigDump => {
  const known = readConfigDump(dump);
  if ('severity' in known) throw new Error(known.message);
  return known;
};

const section = (dump: object, name: SectionName): JsonObject => {
  const found = sectionOf(read(dump), name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

const proxyOf = async (text: string, id: string): Promise<ProxyTables> => {
  const { proxies, problems } = await compileText(text);
  expect(problems).toEqual([]);
  const tables = proxies.get(id);
  if (tables === undefined) throw new Error(`no proxy ${id} among ${[...proxies.keys()].join(', ')}`);
  return tables;
};

/** The routes of a host in a proxy's table of a name, as Envoy has them. */
const routesFor = (tables: ProxyTables, table: string, host: string): readonly unknown[] => {
  const found = routesOf(section(dumpOf(tables), 'RoutesConfigDump')).find((each) => textAt(each, 'name') === table);
  const hosts = (found?.['virtual_hosts'] ?? []) as readonly { name: string; routes: readonly unknown[] }[];
  return hosts.find(({ name }) => name === host)?.routes ?? [];
};

describe('the dump of a proxy', () => {
  it('has the clusters by Istio’s names, with the DestinationRule they follow', async () => {
    const clusters = clustersOf(section(dumpOf(await proxyOf(SHOP, 'shop/web')), 'ClustersConfigDump'));
    const rows = clusterTable(clusters, true).rows.map((cells) => cells.join(' '));
    expect(rows).toContain(
      'cluster/outbound|80|v1|web.shop.svc.cluster.local web.shop.svc.cluster.local 80 v1 outbound EDS web.shop',
    );
    expect(clusters.find(({ name }) => name === 'outbound|80||web.shop.svc.cluster.local')).toMatchObject({
      lb_policy: 'RING_HASH',
      circuit_breakers: { thresholds: [{ max_connections: 7, max_requests: 4_294_967_295 }] },
      outlier_detection: { consecutive_5xx: 3, interval: '2s' },
      metadata: { filter_metadata: { heddle: { resource: 'DestinationRule shop/web' } } },
    });
  });

  it('has matches, rewrites, retries, headers and filters of routes in Envoy’s words', async () => {
    const routes = routesFor(await proxyOf(SHOP, 'shop/web'), '80', 'web.shop.svc.cluster.local:80');
    expect(routes[0]).toMatchObject({
      match: { prefix: '/a' },
      route: {
        cluster: 'outbound|80|v1|web.shop.svc.cluster.local',
        prefix_rewrite: '/b',
        host_rewrite_literal: 'b.example.com',
        timeout: '0.25s',
        retry_policy: { num_retries: 3, per_try_timeout: '1s', retriable_status_codes: [503] },
      },
      metadata: {
        filter_metadata: {
          istio: { config: '/apis/networking.istio.io/v1/namespaces/shop/virtual-service/shop' },
          heddle: { resource: 'VirtualService shop/shop', source: expect.stringMatching(/^mesh\.yaml:\d+:\d+$/) },
        },
      },
    });
    expect(routes[1]).toMatchObject({ match: { path: '/one' }, route: { prefix_rewrite: '/two' } });
    expect(routes[2]).toMatchObject({
      route: {
        regex_rewrite: { pattern: { regex: '/r/(.*)' }, substitution: '/\\1' },
        request_mirror_policies: [
          { runtime_fraction: { default_value: { numerator: 125_000, denominator: 'MILLION' } } },
        ],
      },
      request_headers_to_add: [{ header: { key: 'x-a', value: 'b' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      request_headers_to_remove: ['x-c'],
      response_headers_to_add: [{ header: { key: 'x-d', value: 'e' } }],
      typed_per_filter_config: {
        'envoy.filters.http.cors': { allow_origin_string_match: [{ exact: 'https://a.example.com' }] },
      },
    });
    expect(routes[3]).toMatchObject({
      match: {
        prefix: '/',
        headers: [
          { name: ':method', string_match: { exact: 'PUT' } },
          { name: 'x-off', present_match: true, invert_match: true },
        ],
      },
    });
  });

  it('has listeners of a gateway, by port and by server name', async () => {
    const dump = dumpOf(await proxyOf(SHOP, 'shop/edge'));
    const listeners = listenersOf(section(dump, 'ListenersConfigDump'));
    expect(listenerTable(listeners, { named: true, verbose: true }).rows).toEqual([
      ['listener/0.0.0.0_8080', '0.0.0.0', '8080', 'ALL', 'Route: http.8080'],
      [
        'listener/0.0.0.0_8443',
        '0.0.0.0',
        '8443',
        'SNI: db.example.com',
        'Cluster: outbound|3306||web.shop.svc.cluster.local',
      ],
    ]);
    const routes = routesOf(section(dump, 'RoutesConfigDump'));
    expect(routeTable(routes, { named: false, verbose: true }).rows[0]).toEqual([
      'http.8080',
      'shop.example.com:8080',
      'shop.example.com',
      '/a*',
      'shop.shop',
    ]);
  });

  it('has policies as rules of who asks, and for what', async () => {
    const listeners = JSON.stringify(
      listenersOf(section(dumpOf(await proxyOf(SHOP, 'shop/web')), 'ListenersConfigDump')),
    );
    const rule = {
      permissions: [
        {
          and_rules: {
            rules: [
              { or_rules: { rules: [{ header: { name: ':method', string_match: { exact: 'POST' } } }] } },
              { or_rules: { rules: [{ url_path: { path: { prefix: '/x' } } }] } },
              { or_rules: { rules: [{ destination_port: 8080 }] } },
            ],
          },
        },
      ],
    };
    expect(listeners).toContain('"action":"DENY","policies":{"ns[shop]-policy[some]-rule[0]":{');
    for (const permission of rule.permissions[0]?.and_rules.rules ?? [])
      expect(listeners).toContain(JSON.stringify(permission));
    expect(listeners).toContain('{"exact":"spiffe://cluster.local/ns/a/sa/b"}');
    expect(listeners).toContain(
      '{"not_id":{"or_ids":{"ids":[{"authenticated":{"principal_name":{"safe_regex":{"regex":".*/ns/c/.*"}}}}]}}}',
    );
    expect(listeners).toContain('{"direct_remote_ip":{"address_prefix":"10.1.0.0","prefix_len":16}}');
    expect(listeners).toContain('{"header":{"name":"x-h","string_match":{"exact":"v"}}}');
  });

  it('has the sections that a mask asks for, and endpoints only where they are wanted', async () => {
    const tables = await proxyOf(SHOP, 'shop/web');
    const types = (dump: object): readonly string[] =>
      read(dump).configs.map((config) => textAt(config, '@type').replace(/^.*\./, ''));
    expect(types(dumpOf(tables, { includeEndpoints: false, mask: [] }))).toEqual([
      'BootstrapConfigDump',
      'ClustersConfigDump',
      'ListenersConfigDump',
      'RoutesConfigDump',
      'SecretsConfigDump',
    ]);
    const mask = ['static_listeners', 'dynamic_listeners'];
    expect(types(dumpOf(tables, { includeEndpoints: true, mask }))).toEqual(['ListenersConfigDump']);
  });

  it('tells which endpoints are ejected', async () => {
    const cluster = 'outbound|80||web.shop.svc.cluster.local';
    const counts = {
      connections: 0,
      requests: 0,
      pending: 0,
      retries: 0,
      overflows: 0,
      ejections: 1,
      refusedEjections: 0,
    };
    const answer = clusterStatuses(await proxyOf(SHOP, 'shop/web'), [
      { ...counts, cluster, ejected: ['10.44.1.1:8080'] },
    ]);
    expect(answer).toMatchObject({
      cluster_statuses: expect.arrayContaining([
        expect.objectContaining({
          name: cluster,
          host_statuses: [
            expect.objectContaining({ health_status: { eds_health_status: 'HEALTHY', failed_outlier_check: true } }),
          ],
        }),
      ]),
    });
  });

  it('says what is in force and not in it', async () => {
    const tables = await proxyOf(SHOP, 'shop/web');
    expect(dumpOf(tables)).toMatchObject({ heddle: { generation: 1, leftOut: [] } });
    const asked = await proxyOf(`${SHOP}${TOKENS}`, 'shop/web');
    expect(dumpOf(asked)).toMatchObject({ heddle: { leftOut: ['RequestAuthentications'] } });
  });
});

const corpus = resolve(import.meta.dirname, '../../../shared/corpus/routing');
/** Every so many of the recorded configurations: a start of Envoy costs half a second. */
const EVERY = Number(process.env['HEDDLE_EVERY'] ?? 20);
const recorded = (existsSync(corpus) ? readdirSync(corpus) : [])
  .map((name) => join(corpus, name, 'config.yaml'))
  .filter((file) => existsSync(file))
  .filter((_, index) => index % EVERY === 0)
  .map((file) => readFileSync(file, 'utf8'));

const envoy = envoyBinary();

describe(`a real Envoy${envoy === undefined ? ' (skipped: it is not installed)' : ''}`, () => {
  it.skipIf(envoy === undefined)('accepts what dumps of sidecars and gateways show', { timeout: 120_000 }, async () => {
    for (const text of [SHOP, ...recorded]) {
      const { proxies } = await compileText(text);
      const ofModes = new Map([...proxies.values()].map((tables) => [tables.node.mode, tables]));
      for (const tables of ofModes.values())
        expect([tables.node.id, envoyRefusal(envoy ?? '', dumpOf(tables))]).toEqual([tables.node.id, '']);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { findVirtualHost } from '../../../src/traffic/route.ts';
import type { GatewayPort, Route } from '../../../src/traffic/tables.ts';
import { BOOKSHOP } from '../bookshop.ts';
import { compileText } from '../compile-text.ts';

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: istio-system}
spec: {selector: {istio: ingress}, ports: [{name: http2, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingress}}
  template:
    metadata:
      labels: {istio: ingress, sidecar.istio.io/inject: 'true'}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
`;

const gateway = (name: string, hosts: string, more = ''): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  selector: {istio: ingress}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ${hosts}${more}}
---
`;

const virtualService = (
  name: string,
  hosts: string,
  rules: string,
  gateways = '[gw]',
  namespace = 'default',
): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  hosts: ${hosts}
  gateways: ${gateways}
  http: ${rules}
---
`;

const TO_REVIEWS = '[{route: [{destination: {host: reviews}}]}]';

const ports = async (text: string): Promise<ReadonlyMap<number, GatewayPort>> =>
  (await compileText(BOOKSHOP + GATEWAY + text)).proxies.get('istio-system/ingress-0')?.gateway ?? new Map();

const routes = async (text: string, authority: string): Promise<readonly Route[] | undefined> => {
  const table = (await ports(text)).get(8080)?.routes;
  return table === undefined ? undefined : findVirtualHost(table, authority)?.routes;
};

describe('the ports of a gateway', () => {
  it('are those of the pod behind the port of its Service', async () => {
    const served = await ports(gateway('gw', "['*']"));
    expect([...served.keys()]).toEqual([8080]);
    expect(served.get(8080)?.routes.name).toBe('http.8080');
    expect(served.get(8080)?.origin?.resource).toBe('Gateway default/gw');
  });

  it('stay closed for a Gateway that selects other pods', async () => {
    expect((await ports(gateway('gw', "['*']").replace('istio: ingress', 'istio: other'))).size).toBe(0);
  });

  it('belong to gateways only', async () => {
    const { proxies } = await compileText(BOOKSHOP + GATEWAY + gateway('gw', "['*']"));
    expect(proxies.get('default/client-0')?.gateway.size).toBe(0);
    expect(proxies.get('istio-system/ingress-0')?.outbound.byPort.size).toBe(0);
    expect(proxies.get('istio-system/ingress-0')?.node.mode).toBe('gateway');
  });
});

describe('the hosts of a gateway', () => {
  it.each([
    ["['*']", "['a.com']", 'a.com', true],
    ["['*']", "['a.com']", 'A.com:1234', true],
    ["['*']", "['a.com']", 'b.com', false],
    ["['*.example.com']", "['a.example.com', 'b.com']", 'b.com', false],
    ["['a.example.com']", "['*.example.com']", 'a.example.com', true],
    ["['a.example.com']", "['*.example.com']", 'b.example.com', false],
    ["['default/*']", "['a.com']", 'a.com', true],
    ["['./*']", "['a.com']", 'a.com', true],
    ["['other/*']", "['a.com']", 'a.com', false],
    ["['*']", '[reviews]', 'reviews', false],
    ["['*']", '[reviews]', 'reviews.default.svc.cluster.local', true],
  ])('server %s and VirtualService %s serve %s: %s', async (server, own, authority, served) => {
    const found = await routes(gateway('gw', server) + virtualService('vs', own, TO_REVIEWS), authority);
    expect((found?.length ?? 0) > 0).toBe(served);
  });

  it('answer nothing without a VirtualService of theirs', async () => {
    expect(await routes(gateway('gw', "['*']"), 'a.com')).toBeUndefined();
    const foreign = virtualService('vs', "['a.com']", TO_REVIEWS, '[gw]', 'other');
    expect(await routes(gateway('gw', "['*']") + foreign, 'a.com')).toBeUndefined();
    const qualified = virtualService('vs', "['a.com']", TO_REVIEWS, '[default/gw]', 'other');
    expect(await routes(gateway('gw', "['*']") + qualified, 'a.com')).toHaveLength(1);
  });

  it('merge VirtualServices and move what takes everything to the end', async () => {
    const first = virtualService('a', "['a.com']", '[{route: [{destination: {host: one}}]}]');
    const second = virtualService(
      'b',
      "['a.com']",
      '[{match: [{uri: {prefix: /b}}], route: [{destination: {host: two}}]}, {route: [{destination: {host: three}}]}]',
    );
    const merged = await routes(gateway('gw', "['*']") + first + second, 'a.com');
    expect(merged?.map(({ operation }) => operation)).toEqual([
      'two.default.svc.cluster.local:80/b*',
      'one.default.svc.cluster.local:80/*',
      'three.default.svc.cluster.local:80/*',
    ]);
  });

  it('send a destination without port to the only port of its service', async () => {
    const service = `
apiVersion: v1
kind: Service
metadata: {name: lone}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
`;
    const rules = '[{route: [{destination: {host: lone}}]}]';
    const [route] =
      (await routes(service + gateway('gw', "['*']") + virtualService('vs', "['a.com']", rules), 'a.com')) ?? [];
    expect(route?.operation).toBe('lone.default.svc.cluster.local:9080/*');
  });

  it('keep gateway rules from the mesh and mesh rules from the gateway', async () => {
    const both = virtualService(
      'vs',
      '[reviews]',
      '[{match: [{gateways: [gw]}], route: [{destination: {host: g}}]}, {match: [{gateways: [mesh]}], route: [{destination: {host: m}}]}]',
      '[gw, mesh]',
    );
    const found = await routes(gateway('gw', "['*']") + both, 'reviews.default.svc.cluster.local');
    expect(found?.map(({ operation }) => operation)).toEqual(['g.default.svc.cluster.local:80/*']);
  });

  it('redirect to https where the server says so', async () => {
    const [route] = (await routes(gateway('gw', "['a.com']", ', tls: {httpsRedirect: true}'), 'a.com')) ?? [];
    expect(route?.action).toMatchObject({ kind: 'redirect', code: 301, scheme: 'https' });
  });
});

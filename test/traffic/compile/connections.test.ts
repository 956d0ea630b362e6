import { describe, expect, it } from 'vitest';
import { connectionRoute, mayCarryHttp, selectOutbound } from '../../../src/traffic/listener.ts';
import { compileText } from '../compile-text.ts';

// Which cluster a sidecar's connection goes to, by its original destination and the server name of its TLS.

const CLIENT = `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {containers: [{name: app, image: app}]}
`;

const service = (name: string, port: string): string => `
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [${port}]}
`;

const entry = (name: string, spec: string): string => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec: {resolution: NONE, ${spec}}
`;

const rules = (name: string, spec: string): string => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec: ${spec}
`;

const to = (host: string, port: number): string => `route: [{destination: {host: ${host}, port: {number: ${port}}}}]`;
const cluster = (host: string, port: number): string => `outbound|${port}||${host}`;
const local = (name: string): string => `${name}.default.svc.cluster.local`;

const ANYWHERE = '192.0.2.7';
const TLS_443 = 'ports: [{number: 443, name: tls, protocol: TLS}]';

const destinations = async (
  text: string,
): Promise<(serverName: string, address?: string, port?: number) => string | undefined> => {
  const { proxies, problems } = await compileText(CLIENT + text);
  const tables = proxies.get('default/client');
  if (tables === undefined || problems.length > 0) throw new Error(JSON.stringify(problems));
  return (serverName, address = ANYWHERE, port = 443) => {
    const listener = selectOutbound(tables.outbound, address, port);
    if (typeof listener === 'string') return listener;
    return connectionRoute(listener, address, serverName)?.destinations[0].cluster;
  };
};

describe('TLS of a ServiceEntry without addresses', () => {
  it('is told apart by server names; other names are unknown', async () => {
    const at = await destinations(
      entry('one', `hosts: [one.example.com], ${TLS_443}`) + entry('all', `hosts: ['*.example.org'], ${TLS_443}`),
    );
    expect(at('one.example.com')).toBe(cluster('one.example.com', 443));
    expect(at('a.b.example.org')).toBe(cluster('*.example.org', 443));
    expect(at('two.example.com')).toBe('PassthroughCluster');
    expect(at('')).toBe('PassthroughCluster');
  });

  it('is refused for other names where the mesh allows only its registry', async () => {
    const sidecar = `
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
`;
    const at = await destinations(entry('one', `hosts: [one.example.com], ${TLS_443}`) + sidecar);
    expect(at('one.example.com')).toBe(cluster('one.example.com', 443));
    expect(at('two.example.com')).toBe('BlackHoleCluster');
  });

  it('shares its port with HTTP services and with TCP, which takes what has no other place', async () => {
    const tcp = entry('tcp', 'hosts: [tcp.example.com], ports: [{number: 443, name: tcp, protocol: TCP}]');
    const http = service('web', '{name: http-web, port: 443}');
    const text = entry('one', `hosts: [one.example.com], ${TLS_443}`) + tcp + http;
    const at = await destinations(text);
    expect(at('one.example.com')).toBe(cluster('one.example.com', 443));
    expect(at('two.example.com')).toBe(cluster('tcp.example.com', 443));
    const { proxies } = await compileText(CLIENT + text);
    const listener = proxies.get('default/client')?.outbound.byPort.get(443);
    expect(listener?.protocol).toBe('auto');
    expect(listener?.routes?.exact.has(local('web'))).toBe(true);
  });
});

describe('addresses of a ServiceEntry', () => {
  it('that are blocks take their connections, the narrowest first, and no HTTP', async () => {
    const ports = 'ports: [{number: 9000, name: tcp, protocol: TCP}]';
    const text =
      entry('wide', `hosts: [wide.internal], addresses: [10.8.0.0/16], ${ports}`) +
      entry('near', `hosts: [near.internal], addresses: [10.8.1.0/24, 10.9.0.1], ${ports}`) +
      service('web', '{name: http, port: 9000}');
    const at = await destinations(text);
    expect(at('', '10.8.7.7', 9000)).toBe(cluster('wide.internal', 9000));
    expect(at('', '10.8.1.7', 9000)).toBe(cluster('near.internal', 9000));
    expect(at('', '10.9.0.1', 9000)).toBe(cluster('near.internal', 9000));
    expect(at('', ANYWHERE, 9000)).toBe('PassthroughCluster');
    const listener = (await compileText(CLIENT + text)).proxies.get('default/client')?.outbound.byPort.get(9000);
    expect(listener === undefined ? [] : ['10.8.7.7', ANYWHERE].map((own) => mayCarryHttp(listener, own))).toEqual([
      false,
      true,
    ]);
  });

  it('and server names must both be met', async () => {
    const at = await destinations(entry('one', `hosts: [one.internal], addresses: [10.8.0.0/16], ${TLS_443}`));
    expect(at('one.internal', '10.8.0.1')).toBe(cluster('one.internal', 443));
    expect(at('two.internal', '10.8.0.1')).toBe('PassthroughCluster');
    expect(at('one.internal', '10.9.0.1')).toBe('PassthroughCluster');
  });
});

describe('tls rules of a VirtualService on the mesh', () => {
  const TARGETS = service('v1', '{name: tls, port: 8443}') + service('v2', '{name: tls, port: 8443}');

  it('take the server names they list at the ports that carry TLS, and leave the rest unknown', async () => {
    const spec = `{hosts: ['*.example.com'], tls: [{match: [{port: 443, sniHosts: [a.example.com]}], ${to('v1', 8443)}}, {match: [{sniHosts: ['*.example.com']}], ${to('v2', 8443)}}]}`;
    const at = await destinations(TARGETS + entry('all', `hosts: ['*.example.com'], ${TLS_443}`) + rules('r', spec));
    expect(at('a.example.com')).toBe(cluster(local('v1'), 8443));
    expect(at('b.example.com')).toBe(cluster(local('v2'), 8443));
    expect(at('b.example.org')).toBe('PassthroughCluster');
  });

  it('hold for a wildcard service that has only some of their names', async () => {
    const spec = `{hosts: [a.example.com], tls: [{match: [{sniHosts: [a.example.com]}], ${to('v1', 8443)}}]}`;
    const at = await destinations(TARGETS + entry('all', `hosts: ['*.example.com'], ${TLS_443}`) + rules('r', spec));
    expect(at('a.example.com')).toBe(cluster(local('v1'), 8443));
    expect(at('b.example.com')).toBe('PassthroughCluster');
  });

  it('ask for the source and for subnets, all of them together', async () => {
    const spec = (match: string): string =>
      `{hosts: [v2], tls: [{match: [{sniHosts: [${local('v2')}], ${match}}], ${to('v1', 8443)}}]}`;
    const outcome = async (match: string): Promise<string | undefined> => {
      const text = CLIENT + TARGETS + rules('r', spec(match));
      const compiled = await compileText(text);
      const address = compiled.world.serviceAddress('default', 'v2') ?? '';
      return (await destinations(TARGETS + rules('r', spec(match))))(local('v2'), address, 8443);
    };
    const [taken, own] = [cluster(local('v1'), 8443), cluster(local('v2'), 8443)];
    expect(await outcome('sourceLabels: {app: client}')).toBe(taken);
    expect(await outcome('sourceLabels: {app: other}')).toBe(own);
    expect(await outcome('sourceLabels: {app: other}, gateways: [mesh]')).toBe(own);
    expect(await outcome('sourceNamespace: default')).toBe(taken);
    expect(await outcome('sourceNamespace: other')).toBe(own);
    expect(await outcome('gateways: [gw]')).toBe(own);
    expect(await outcome('port: 9443')).toBe(own);
    expect(await outcome('destinationSubnets: [10.144.0.0/16]')).toBe(taken);
    expect(await outcome('destinationSubnets: [10.1.0.0/16]')).toBe('PassthroughCluster');
  });

  it('do not hold for ports that carry other protocols, nor tcp rules for those of TLS', async () => {
    const spec = `{hosts: [v2], tls: [{match: [{sniHosts: [${local('v2')}]}], ${to('v1', 8443)}}], tcp: [{${to('v1', 1)}}]}`;
    const address = '10.144.0.2';
    const tls = await destinations(TARGETS + rules('r', spec));
    expect(tls('', address, 8443)).toBe('PassthroughCluster');
    const plain = service('v1', '{name: tcp, port: 8443}') + service('v2', '{name: tcp, port: 8443}');
    expect((await destinations(plain + rules('r', spec)))(local('v2'), address, 8443)).toBe(cluster(local('v1'), 1));
  });
});

describe('tcp rules of a VirtualService on the mesh', () => {
  const DB = service('db', '{name: tcp, port: 5432}') + service('spare', '{name: tcp, port: 5432}');

  it('are tried until one holds for every address', async () => {
    const spec = `{hosts: [db], tcp: [{match: [{destinationSubnets: [10.144.0.1/32]}], ${to('spare', 1)}}, {match: [{destinationSubnets: [10.1.0.0/16]}, {port: 9}], ${to('spare', 2)}}, {${to('spare', 3)}}, {${to('spare', 4)}}]}`;
    const at = await destinations(DB + rules('r', spec));
    expect(at('', '10.144.0.1', 5432)).toBe(cluster(local('spare'), 1));
    const narrow = `{hosts: [db], tcp: [{match: [{destinationSubnets: [10.1.0.0/16]}], ${to('spare', 2)}}]}`;
    expect((await destinations(DB + rules('r', narrow)))('', '10.144.0.1', 5432)).toBe(cluster(local('db'), 5432));
  });

  it('of several VirtualServices go together, the older first', async () => {
    const first = rules('a', `{hosts: [db], tcp: [{match: [{port: 1}], ${to('spare', 1)}}]}`);
    const second = rules('b', `{hosts: ['*.default.svc.cluster.local'], tcp: [{${to('spare', 2)}}]}`);
    expect((await destinations(DB + first + second))('', '10.144.0.1', 5432)).toBe(cluster(local('spare'), 2));
  });

  it('send to the one port of a destination that names none', async () => {
    const other = service('other', '{name: tcp, port: 6000}');
    const text = DB + other + rules('r', '{hosts: [db], tcp: [{route: [{destination: {host: other}}]}]}');
    expect((await destinations(text))('', '10.144.0.1', 5432)).toBe(cluster(local('other'), 6000));
  });

  it('that name no address block are refused', async () => {
    const spec = `{hosts: [db], tcp: [{match: [{destinationSubnets: [10.0.0.0/64]}], ${to('spare', 1)}}]}`;
    const { problems } = await compileText(CLIENT + DB + rules('r', spec));
    expect(problems.map(({ code, span }) => `${code} ${span?.line}`)).toEqual(['INVALID_OBJECT 27']);
  });
});

describe('a TLSRoute of a Service', () => {
  const route = (hostnames: string, parent: string, backends = '[{name: v1, port: 8443}]'): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: route}
spec:
  parentRefs: [{group: "", kind: Service, name: v2${parent}}]
  hostnames: ${hostnames}
  rules: [{backendRefs: ${backends}}]
`;
  const TARGETS = service('v1', '{name: tls, port: 8443}') + service('v2', '{name: tls, port: 8443}');
  const V2 = '10.144.0.2';

  it('takes the one server name it lists, of several those of the service', async () => {
    const named = await destinations(TARGETS + route('[a.example.com]', ''));
    expect(named('a.example.com', V2, 8443)).toBe(cluster(local('v1'), 8443));
    expect(named('b.example.com', V2, 8443)).toBe('PassthroughCluster');
    const own = await destinations(TARGETS + route(`[a.example.com, ${local('v2')}]`, ', port: 8443'));
    expect(own(local('v2'), V2, 8443)).toBe(cluster(local('v1'), 8443));
    expect(own('a.example.com', V2, 8443)).toBe('PassthroughCluster');
    const none = await destinations(TARGETS + route('[a.example.com, b.example.com]', ''));
    expect(none('c.example.com', V2, 8443)).toBe(cluster(local('v1'), 8443));
  });

  it('leaves other ports alone, and the service itself without a backend of weight', async () => {
    const elsewhere = await destinations(TARGETS + route('[a.example.com]', ', port: 9'));
    expect(elsewhere('a.example.com', V2, 8443)).toBe(cluster(local('v2'), 8443));
    const idle = await destinations(TARGETS + route('[a.example.com]', '', '[{name: v1, port: 8443, weight: 0}]'));
    expect(idle('a.example.com', V2, 8443)).toBe(cluster(local('v2'), 8443));
  });
});

import { describe, expect, it } from 'vitest';
import { indexTlsServers } from '../../src/traffic/compile/tls-servers.ts';
import { selectServer } from '../../src/traffic/listener.ts';
import type { GatewayPort, GatewayTlsServer } from '../../src/traffic/tables.ts';
import { compileText } from './compile-text.ts';

const listener = (hostname: string, tls: string): string => `
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {ports: [{name: http, port: 80}], selector: {app: app}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: istio
  listeners: [{name: tls, port: 443, protocol: TLS, ${hostname}tls: ${tls}}]
---
`;

const route = (hostnames: string, backends = '[{name: app, port: 80}]'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: route}
spec:
  parentRefs: [{name: gw}]
  hostnames: ${hostnames}
  rules: [{backendRefs: ${backends}}]
`;

const portOf = async (text: string): Promise<GatewayPort | undefined> =>
  [...(await compileText(text)).proxies.values()].find(({ node }) => node.mode === 'gateway')?.gateway.get(443);

const serverOf = (port: GatewayPort | undefined, serverName: string): GatewayTlsServer | undefined =>
  port?.tls === undefined ? undefined : selectServer(port.tls, serverName);

const destination = (port: GatewayPort | undefined, serverName: string): string | undefined =>
  serverOf(port, serverName)?.tcp?.destinations[0].cluster;

const APP = 'outbound|80||app.default.svc.cluster.local';

describe('a TLSRoute', () => {
  it('takes the server names that its listener has too', async () => {
    const port = await portOf(
      listener("hostname: '*.example.com', ", '{mode: Passthrough}') + route("['*.com', a.example.org]"),
    );
    expect(destination(port, 'a.example.com')).toBe(APP);
    expect(destination(port, 'a.example.org')).toBeUndefined();
    expect(destination(port, 'a.other.com')).toBeUndefined();
    expect(serverOf(port, 'a.example.com')?.terminate).toBeUndefined();
  });

  it('without any backend of weight leaves the port closed', async () => {
    const text = listener('', '{mode: Passthrough}') + route('[a.example.com]', '[{name: app, port: 80, weight: 0}]');
    expect(await portOf(text)).toBeUndefined();
  });

  it('holds for all connections of a listener that ends their TLS', async () => {
    const port = await portOf(
      listener("hostname: '*.example.com', ", '{mode: Terminate, certificateRefs: [{name: cert}]}') +
        route('[a.example.com]'),
    );
    expect(destination(port, 'b.example.com')).toBe(APP);
    expect(serverOf(port, 'b.example.com')?.terminate).toMatchObject({ client: 'none' });
  });
});

describe('a server name', () => {
  const server = (...serverNames: string[]) => ({ serverNames, origin: undefined });

  it('is taken by the server that names it, else by the longest suffix, else by the one for all', () => {
    const [all, short, long, own] = [
      server('*'),
      server('*.com'),
      server('x.org', '*.example.com'),
      server('a.example.com'),
    ] as const;
    const servers = indexTlsServers([all, short, long, own]);
    expect(selectServer(servers, 'a.example.com')).toBe(own);
    expect(selectServer(servers, 'b.example.com')).toBe(long);
    expect(selectServer(servers, 'example.com')).toBe(short);
    expect(selectServer(servers, '')).toBe(all);
    expect(selectServer(indexTlsServers([own, short]), '')).toBeUndefined();
  });
});

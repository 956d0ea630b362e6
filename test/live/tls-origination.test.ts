/** TLS that a DestinationRule begins towards a server, over real sockets. */
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { UpstreamTransport } from '../../src/traffic/tables.ts';
import {
  APP,
  authority,
  clock,
  cluster,
  endpoint,
  forward,
  network,
  RawClient,
  responsesIn,
  route,
  routeTable,
  spiffe,
  tables,
  tcpServer,
} from '../proxy/small-mesh.ts';
import { BOOKSHOP } from '../traffic/bookshop.ts';
import { compileText } from '../traffic/compile-text.ts';

let server: Identity;
let own: Identity;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const mesh = await authority();
  server = await mesh.issue(spiffe('server'));
  own = await mesh.issue(spiffe('gateway'));
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Origination = Extract<UpstreamTransport, { readonly kind: 'tls' }>;

const answerOf = async (changes: Partial<Origination>, more: TlsOptions = {}): Promise<string> => {
  const { chainPem: cert, keyPem: key } = server.certificate;
  const end = createServer({ cert, key, ...more }, (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      const { subject } = socket.getPeerCertificate();
      const body = `sni=${String(socket.servername)} client=${subject === undefined ? 'none' : 'known'}`;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  });
  end.on('tlsClientError', () => {});
  const backend = await tcpServer((socket) => void end.emit('connection', socket));
  const transport: Origination = {
    kind: 'tls',
    sni: 'api.example.com',
    names: [],
    authorities: 'any',
    ...changes,
  };
  const proxy = createProxy({
    tables: tables({
      clusters: [cluster(APP, [endpoint('10.44.200.1', 443, transport)])],
      routes: routeTable(route(forward(APP))),
    }),
    network: network(new Map([['10.44.200.1:443', backend.at]])),
    clock,
    random: () => 0.5,
    identity: own,
    onRecord: () => {},
  });
  const raw = new RawClient(await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 }));
  closers.push(
    backend.close,
    () => proxy.close(0),
    async () => raw.destroy(),
  );
  raw.write('GET / HTTP/1.1\r\nhost: app\r\n\r\n');
  const [first] = responsesIn(await raw.until((received) => responsesIn(received).length > 0));
  return `${first?.head.slice(9, 12)} ${first?.body}`;
};

describe('TLS towards a server', () => {
  it('names the server, and shows no certificate of the mesh', async () => {
    expect(await answerOf({}, { requestCert: true, rejectUnauthorized: false })).toBe(
      '200 sni=api.example.com client=none',
    );
  });

  it('shows the certificate it was given', async () => {
    const { chainPem: chain, keyPem: key } = own.certificate;
    expect(await answerOf({ certificate: { chain, key } }, { requestCert: true, ca: own.rootsPem })).toContain(
      'client=known',
    );
  });

  it('reaches a server that its authorities vouch for, by one of its names', async () => {
    const authorities = [server.rootsPem];
    expect(await answerOf({ authorities })).toMatch(/^200 /);
    expect(await answerOf({ authorities, names: ['other.example.com', spiffe('server')] })).toMatch(/^200 /);
    expect(await answerOf({ authorities, names: ['api.example.com'] })).toMatch(/^503 .*TLS_error/);
  });

  it('reaches no server that nobody vouches for', async () => {
    expect(await answerOf({ authorities: [] })).toMatch(/^503 .*TLS_error/);
    expect(await answerOf({ authorities: 'system' })).toMatch(/^503 .*TLS_error/);
  });
});

describe('TLS that a BackendTLSPolicy asks for', () => {
  const originationOf = async (names: string): Promise<Origination> => {
    const ca = JSON.stringify(server.rootsPem);
    const { proxies } = await compileText(`${BOOKSHOP}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: authorities}
data: {ca.crt: ${ca}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: reviews}
spec:
  targetRefs: [{group: "", kind: Service, name: reviews}]
  validation:
    hostname: reviews.example.com
    caCertificateRefs: [{group: "", kind: ConfigMap, name: authorities}]
    ${names}
`);
    const clusters = proxies.get('default/client-0')?.clusters;
    const transport = clusters?.get('outbound|80||reviews.default.svc.cluster.local')?.transport;
    if (transport?.kind !== 'tls') throw new Error('no TLS begins');
    return transport;
  };

  it('reaches the server by its hostname, and only one of the names that it lists', async () => {
    expect(await answerOf(await originationOf(''))).toBe('200 sni=reviews.example.com client=none');
    const named = (uri: string) => originationOf(`subjectAltNames: [{type: URI, uri: "${uri}"}]`);
    expect(await answerOf(await named(spiffe('server')))).toMatch(/^200 /);
    expect(await answerOf(await named(spiffe('other')))).toMatch(/^503 .*TLS_error/);
  });
});

/** TLS and TCP ports of a gateway over real sockets, from configuration to bytes. */
import type { Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import { authority, clock, network, spiffe, tcpServer } from '../proxy/small-mesh.ts';
import { compileText } from '../traffic/compile-text.ts';

let server: Identity;
let client: Identity;
let stranger: Identity;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const mesh = await authority();
  server = await mesh.issue(spiffe('server'));
  client = await mesh.issue(spiffe('client'));
  stranger = await (await authority()).issue(spiffe('client'));
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const pem = (text: string): string => JSON.stringify(text);

const mesh = (servers: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: gw, namespace: edge, labels: {istio: ingress, sidecar.istio.io/inject: 'true'}, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {app: app}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: edge}
stringData: {tls.crt: ${pem(server.certificate.chainPem)}, tls.key: ${pem(server.certificate.keyPem)}}
---
apiVersion: v1
kind: Secret
metadata: {name: cert-cacert, namespace: edge}
stringData: {cacert: ${pem(server.rootsPem)}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: edge}
spec:
  selector: {istio: ingress}
  servers: ${servers}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app}
spec:
  hosts: ['*']
  gateways: [edge/gw]
  http: [{route: [{destination: {host: app}}]}]
  tls: [{match: [{sniHosts: [pass.example.com]}], route: [{destination: {host: app, port: {number: 80}}}]}]
  tcp: [{route: [{destination: {host: app, port: {number: 80}}}]}]
${more}`;

const tlsServer = (hosts: string, tls: string, protocol = 'HTTPS'): string =>
  `[{port: {number: 443, name: https, protocol: ${protocol}}, hosts: ${hosts}, tls: ${tls}}]`;

interface Running {
  readonly at: SocketAddress;
  readonly records: readonly AccessRecord[];
  readonly problems: readonly string[];
}

const start = async (text: string, onSocket: (socket: Socket) => void, port = 443): Promise<Running> => {
  const { proxies, problems } = await compileText(text);
  const tables = proxies.get('edge/gw');
  if (tables === undefined) throw new Error('no gateway');
  const app = await tcpServer(onSocket);
  const records: AccessRecord[] = [];
  const proxy = createProxy({
    tables,
    network: network(new Map([['10.44.1.2:8080', app.at]])),
    clock,
    random: () => 0.5,
    identity: client,
    onRecord: (record) => records.push(record),
  });
  closers.push(app.close, () => proxy.close(0));
  const at = await proxy.listenGateway(port, { host: '127.0.0.1', port: 0 });
  return { at, records, problems: problems.map(({ code }) => code) };
};

const answer = (socket: Socket): void => {
  socket.on('data', (bytes) => {
    const body = bytes.toString('latin1').toLowerCase();
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  });
};

const handshake = (at: SocketAddress, options: Parameters<typeof connect>[1]): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...at, rejectUnauthorized: false, ...options });
    closers.push(async () => void socket.destroy());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.once('secureConnect', () => resolve(socket));
  });

const ask = (socket: TLSSocket, host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('data', (bytes) => resolve(bytes.toString('latin1')));
    socket.write(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });

describe('an HTTPS server', () => {
  it('ends TLS with the certificate of its Secret and routes what is inside', async () => {
    const { at, records } = await start(mesh(tlsServer("['a.example.com']", '{credentialName: cert}')), answer);
    const socket = await handshake(at, { servername: 'a.example.com', ALPNProtocols: ['http/1.1'] });
    expect(socket.getPeerCertificate().subjectaltname).toContain(spiffe('server'));
    expect(socket.alpnProtocol).toBe('http/1.1');
    const text = await ask(socket, 'a.example.com');
    expect(text).toContain('x-forwarded-proto: https');
    socket.destroy();
    await expect.poll(() => records.length).toBe(1);
    expect(records[0]).toMatchObject({
      responseCode: 200,
      tlsVersion: 'TLSv1.3',
      requestedServerName: 'a.example.com',
    });
  });

  it('answers 404 for a host that another server has', async () => {
    const { at } = await start(mesh(tlsServer("['*.example.com']", '{credentialName: cert}')), answer);
    const socket = await handshake(at, { servername: 'a.example.com' });
    expect(await ask(socket, 'b.example.org')).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('resets a connection for another server name, and the record says why', async () => {
    const { at, records } = await start(mesh(tlsServer("['a.example.com']", '{credentialName: cert}')), answer);
    await expect(handshake(at, { servername: 'b.example.com' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(records).toMatchObject([{ flags: 'NR', details: 'filter_chain_not_found' }]);
  });

  it('resets connections while its Secret is missing, without a record', async () => {
    const { at, records, problems } = await start(mesh(tlsServer("['*']", '{credentialName: nothere}')), answer);
    await expect(handshake(at, { servername: 'a.example.com' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(records).toEqual([]);
    expect(problems).toEqual(['CREDENTIAL_NOT_FOUND']);
  });

  it('lets in whom its authorities vouch for, where it is MUTUAL', async () => {
    const { at, records } = await start(mesh(tlsServer("['*']", '{mode: MUTUAL, credentialName: cert}')), answer);
    const as = ({ certificate }: Identity) => ({
      servername: 'a.example.com',
      cert: certificate.chainPem,
      key: certificate.keyPem,
    });
    const socket = await handshake(at, as(client));
    expect(await ask(socket, 'a.example.com')).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    await expect.poll(() => records.length).toBe(1);
    expect(records[0]).toMatchObject({ peerPrincipal: spiffe('client') });
    for (const options of [{ servername: 'a.example.com' }, as(stranger)]) {
      const refused = handshake(at, options).then((other) => ask(other, 'a.example.com'));
      await expect(refused).rejects.toThrow();
    }
  });
});

describe('a TLS server that passes through', () => {
  it('hands the bytes to where the server name leads, and resets the others', async () => {
    const echo = createServer({ cert: server.certificate.chainPem, key: server.certificate.keyPem }, answer);
    closers.push(async () => void echo.close());
    const text = mesh(tlsServer("['*.example.com']", '{mode: PASSTHROUGH}', 'TLS'));
    const { at, records } = await start(text, (socket) => void echo.emit('connection', socket));
    const socket = await handshake(at, { servername: 'pass.example.com' });
    expect(await ask(socket, 'pass.example.com')).not.toContain('x-forwarded-proto');
    await expect(handshake(at, { servername: 'b.example.com' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(records).toMatchObject([{ flags: 'NR', requestedServerName: 'b.example.com' }]);
  });
});

describe('a TCP server', () => {
  it('hands bytes on as they are, also when the backend speaks first', async () => {
    const text = mesh("[{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}]");
    const { at } = await start(text, (socket) => void socket.end('hello'), 9000);
    const { connect: connectPlain } = await import('node:net');
    const socket = connectPlain(at.port, at.host);
    const said = await new Promise<string>((resolve) => socket.on('data', (bytes) => resolve(bytes.toString())));
    expect(said).toBe('hello');
    socket.destroy();
  });

  it('that ends TLS needs no rule for server names', async () => {
    const { at } = await start(mesh(tlsServer("['*']", '{credentialName: cert}', 'TLS')), answer);
    const socket = await handshake(at, { servername: 'any.example.com' });
    expect(await ask(socket, 'any.example.com')).not.toContain('x-forwarded-proto');
  });
});

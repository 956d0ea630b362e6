/** Server names of TLS through a sidecar's outbound port, from configuration to bytes. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createProxy } from '../../src/proxy/create-proxy.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import { authority, clock, network, spiffe, tcpServer } from '../proxy/small-mesh.ts';
import { compileText } from '../traffic/compile-text.ts';

const ANYWHERE = '192.0.2.7';
const CAPTURED = `CONNECT ${ANYWHERE}:443 HTTP/1.1\r\nHost: ${ANYWHERE}:443\r\n\r\n`;

const MESH = `
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {sidecar.istio.io/inject: 'true'}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 443}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: one}
spec: {hosts: [one.example.com], resolution: STATIC, ports: [{number: 443, name: tls, protocol: TLS}], endpoints: [{address: 10.1.1.1}]}
`;

let own: Identity;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  own = await (await authority()).issue(spiffe('one'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A sidecar whose outbound port is dialled, with a TLS server behind each of two addresses. */
const start = async () => {
  const tables = (await compileText(MESH)).proxies.get('default/client');
  if (tables === undefined) throw new Error('no sidecar');
  const backend = async (answer: string) => {
    const tls = createServer({ key: own.certificate.keyPem, cert: own.certificate.chainPem }, (socket) => {
      socket.on('error', () => {});
      socket.end(answer);
    });
    return tcpServer((socket: Socket) => void tls.emit('connection', socket));
  };
  const [one, direct] = [await backend('one'), await backend('direct')];
  const records: AccessRecord[] = [];
  const proxy = createProxy({
    tables,
    network: network(
      new Map([
        ['10.1.1.1:443', one.at],
        [`${ANYWHERE}:443`, direct.at],
      ]),
    ),
    clock,
    random: () => 0.5,
    identity: own,
    onRecord: (record) => records.push(record),
  });
  closers.push(one.close, direct.close, () => proxy.close(0));
  const at = await proxy.listenOutbound({ host: '127.0.0.1', port: 0 });
  return { at, records };
};

/** What the server sends over TLS on a connection captured on its way to an address. */
const fetchBy = (at: { host: string; port: number }, servername: string | undefined): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connectTcp(at);
    closers.push(() => socket.destroy());
    socket.once('error', reject);
    socket.write(CAPTURED);
    socket.once('data', () => {
      const secure = connectTls({
        socket,
        rejectUnauthorized: false,
        ...(servername === undefined ? {} : { servername }),
      });
      secure.once('error', reject);
      secure.once('data', (bytes) => resolve(bytes.toString()));
    });
  });

describe('TLS on a port that HTTP services share with hosts of ServiceEntries', () => {
  it('goes where its server name says, or else to the address that was dialled', async () => {
    const { at, records } = await start();
    expect(await fetchBy(at, 'one.example.com')).toBe('one');
    expect(await fetchBy(at, 'two.example.com')).toBe('direct');
    expect(await fetchBy(at, undefined)).toBe('direct');
    await expect.poll(() => records.length).toBe(3);
    expect(
      records.map(({ upstreamCluster, requestedServerName }) => `${upstreamCluster} ${requestedServerName}`),
    ).toEqual([
      'outbound|443||one.example.com one.example.com',
      'PassthroughCluster two.example.com',
      'PassthroughCluster ',
    ]);
  });

  it('is found in a ClientHello that comes in pieces', async () => {
    const { at } = await start();
    const socket = connectTcp(at);
    closers.push(() => socket.destroy());
    socket.setNoDelay(true);
    socket.write(CAPTURED);
    await new Promise((resolve) => socket.once('data', resolve));
    const relay = await tcpServer((client: Socket) => {
      client.on('data', (bytes) => {
        for (let at = 0; at < bytes.length; at += 40) socket.write(bytes.subarray(at, at + 40));
      });
      socket.pipe(client);
    });
    closers.push(relay.close);
    const secure = connectTls({ ...relay.at, servername: 'one.example.com', rejectUnauthorized: false });
    closers.push(() => secure.destroy());
    expect(await new Promise((resolve) => secure.once('data', (bytes) => resolve(bytes.toString())))).toBe('one');
  });
});

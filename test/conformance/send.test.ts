import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAttemptCounter, type EchoReport } from '../../src/local/stand-in/echo.ts';
import { startEchoServer } from '../../src/local/stand-in/stand-in.ts';
import type { SocketAddress } from '../../src/proxy/proxy.ts';
import { observeMany, observeOne } from './observe.ts';
import { send } from './send.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const closable of open.splice(0)) await closable.close();
});

const hits: EchoReport[] = [];
const startEcho = async (workload: string): Promise<SocketAddress> => {
  const echo = await startEchoServer({
    identity: { workload, pod: `${workload}-0`, version: 'v1', namespace: 'default' },
    port: 8080,
    at: { host: '127.0.0.1', port: 0 },
    attempts: createAttemptCounter(),
    onHit: (report) => hits.push(report),
  });
  open.push(echo);
  return echo.at;
};

const to = (at: SocketAddress) => async (): Promise<Socket> => {
  const socket = connect(at);
  await once(socket, 'connect');
  return socket;
};

const serve = async (onSocket: (socket: Socket) => void): Promise<SocketAddress> => {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
};

describe('a request that was sent', () => {
  it('is observed as the application received it', async () => {
    hits.length = 0;
    const request = { host: 'reviews', path: '/a?b' };
    const answer = await send(to(await startEcho('reviews-v1')), request, 'ID');
    expect(JSON.parse(JSON.stringify(observeOne(3, request, { answer, hits }, [])))).toEqual({
      i: 3,
      request,
      status: 200,
      headers: { 'content-type': 'application/json' },
      answeredBy: { workload: 'reviews-v1', pod: 'reviews-v1-0', version: 'v1', namespace: 'default' },
      received: {
        workload: 'reviews-v1',
        pod: 'reviews-v1-0',
        version: 'v1',
        namespace: 'default',
        port: 8080,
        proto: 'HTTP/1.1',
        method: 'GET',
        path: '/a?b',
        host: 'reviews',
        headers: { 'user-agent': 'oracle' },
      },
      attempts: 1,
      attemptPods: ['reviews-v1-0'],
      latency: 'fast',
    });
  });

  it('tells copies and checks from tries', async () => {
    hits.length = 0;
    const request = { host: 'reviews', path: '/' };
    const answer = await send(to(await startEcho('reviews-v1')), request, 'ID');
    await send(to(await startEcho('reviews-v2')), request, 'ID');
    const [first] = hits;
    const check = { ...(first as EchoReport), workload: 'extauthz', headers: {} };
    const observed = observeOne(0, request, { answer, hits: [...hits, check] }, []);
    expect(observed.attemptPods).toEqual(['reviews-v1-0']);
    expect(observed.mirrors?.map(({ workload }) => workload)).toEqual(['extauthz', 'reviews-v2']);
  });

  it('is summed up when there are many', async () => {
    const request = { host: 'reviews', path: '/', count: 2 };
    const connectTo = to(await startEcho('reviews-v1'));
    hits.length = 0;
    const good = await send(connectTo, request, 'A');
    const bad = await send(connectTo, { ...request, headers: { 'x-echo-status': '503' } }, 'B');
    const exchanges = [good, bad].map((answer, i) => ({ answer, hits: hits.slice(i, i + 1) }));
    expect(observeMany(0, request, exchanges, [])).toMatchObject({
      count: 2,
      statuses: { 200: 1, 503: 1 },
      distribution: { 'reviews-v1': 2 },
      versions: { v1: 2 },
      sequence: ['reviews-v1-0', 'reviews-v1-0:503'],
      attemptTotal: 2,
    });
  });

  it('speaks HTTP/2, gRPC and TLS', async () => {
    const connectTo = to(await startEcho('reviews-v1'));
    const h2c = await send(connectTo, { host: 'reviews', path: '/x', protocol: 'h2c' }, 'ID');
    expect(JSON.parse(h2c.body ?? '')).toMatchObject({ proto: 'HTTP/2.0', path: '/x', host: 'reviews' });
    const grpc = { host: 'a.com', path: '/', protocol: 'grpc' as const, grpc: { service: 'a.B', method: 'C' } };
    const called = await send(connectTo, grpc, 'ID');
    expect([called.status, called.grpcStatus]).toEqual([200, '0']);
    expect(JSON.parse(called.body ?? '')).toMatchObject({ method: 'POST', path: '/a.B/C' });
    const tls = await send(connectTo, { host: 'a.com', path: '/', tls: { sni: 'a.example.com' } }, 'ID');
    expect(tls.serverCert).toBe('echo.example.com');
    expect(JSON.parse(tls.body ?? '')).toMatchObject({ tls: 'sni=a.example.com' });
  });

  it('has a class of error where HTTP has no answer', async () => {
    const request = { host: 'reviews', path: '/' };
    const errorOf = async (at: SocketAddress, of: Parameters<typeof send>[1] = request) =>
      (await send(to(at), of, 'ID')).error;
    const closed = await serve((socket) => socket.on('data', () => socket.end()));
    expect(await errorOf(closed)).toBe('connection closed');
    expect(await errorOf(await serve((socket) => socket.on('data', () => socket.resetAndDestroy())))).toBe(
      'connection reset',
    );
    expect(await errorOf(await serve((socket) => socket.write('not TLS at all')), { ...request, tls: {} })).toMatch(
      /^tls: /,
    );
    expect(await errorOf(closed, { ...request, protocol: 'h2c' })).toBe('connection closed');
    const gone = await serve(() => {});
    for (const closable of open.splice(0)) await closable.close();
    expect(await errorOf(gone)).toBe('connection refused');
  });
});

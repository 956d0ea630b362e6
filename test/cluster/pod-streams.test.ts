import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { getFromPod } from '../../src/cluster/pod-http.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { openFake } from '../support/open-fake.ts';

const POD = { namespace: 'istio-system', name: 'istiod-1' };
const CONTAINER = { namespace: 'istio-system', pod: 'istiod-1' };

let api: FakeApi;
let cluster: Cluster;
let program: Server;

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

beforeEach(async () => {
  program = createServer((request, response) => {
    if (request.url === '/large') response.end(Buffer.alloc(32 * 1024 * 1024, 'x'));
    else if (request.url === '/silent') response.flushHeaders();
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => request.socket.destroy());
    } else response.writeHead(request.url === '/teapot' ? 418 : 200).end(`${request.method} ${request.headers.host}`);
  });
  await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
  api = await startFakeApi({
    objects: [{ apiVersion: 'v1', kind: 'Pod', metadata: { ...POD } }],
  });
  api.forward('istio-system', 'istiod-1', 15014, portOf(program));
  cluster = await openFake(api);
});

afterEach(async () => {
  cluster.close();
  await api.close();
  program.close();
  program.closeAllConnections();
});

describe('HTTP to a pod', () => {
  it('answers with any status', async () => {
    expect(await getFromPod(cluster, POD, 15014, '/version')).toEqual({ status: 200, body: 'GET localhost:15014' });
    expect(await getFromPod(cluster, POD, 15014, 'teapot', { method: 'POST' })).toEqual({
      status: 418,
      body: 'POST localhost:15014',
    });
  });

  it('carries large bodies', async () => {
    expect((await getFromPod(cluster, POD, 15014, '/large')).body).toHaveLength(32 * 1024 * 1024);
  });

  it('says that nobody listens on the port', async () => {
    await expect(getFromPod(cluster, POD, 15000, '/')).rejects.toMatchObject({
      code: 'PORT_REFUSED',
      kind: 'unreachable',
      message: expect.stringContaining('pod "istiod-1" in namespace "istio-system"'),
    });
  });

  it('says that the connection was cut half way', async () => {
    await expect(getFromPod(cluster, POD, 15014, '/cut')).rejects.toMatchObject({ code: 'POD_UNREACHABLE' });
  });

  it('ends a silence by its limit, and at once by its signal', async () => {
    await expect(getFromPod(cluster, POD, 15014, '/silent', { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'POD_TIMEOUT',
      kind: 'timeout',
    });
    const stop = new AbortController();
    const read = getFromPod(cluster, POD, 15014, '/silent', { signal: stop.signal });
    stop.abort();
    await expect(read).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('a forwarded port', () => {
  it('carries bytes both ways and ends with the program', async () => {
    const echo = createTcpServer((socket) => void socket.once('data', (data) => socket.end(`echo ${data}`)));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    api.forward('istio-system', 'istiod-1', 7, portOf(echo));
    const stream = await cluster.connect(POD, 7);
    stream.write('hello');
    let read = '';
    for await (const chunk of stream) read += chunk;
    expect(read).toBe('echo hello');
    echo.close();
  });

  it('names the pod that is not there, and the right that is missing', async () => {
    await expect(cluster.connect({ ...POD, name: 'nobody' }, 15014)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    api.forbid({ verb: 'create', resource: 'pods/portforward' });
    await expect(cluster.connect(POD, 15014)).rejects.toMatchObject({ code: 'FORBIDDEN', kind: 'denied' });
  });

  it('ends by its limit where the server never answers', async () => {
    api.fault({ resource: 'pods/portforward' }, { hang: true });
    await expect(cluster.connect(POD, 15014, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'CLUSTER_TIMEOUT' });
  });

  it('is an error of the stream where the API server dies', async () => {
    const stream = await cluster.connect(POD, 15014);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.resume();
    await api.close();
    await closed;
    expect(stream.destroyed).toBe(true);
  });
});

describe('logs and exec', () => {
  it('reads a log', async () => {
    api.setLog('istio-system', 'istiod-1', 'ready\n');
    expect(await cluster.logs(CONTAINER, { tailLines: 5 })).toBe('ready\n');
    expect(api.requests.at(-1)?.query.get('tailLines')).toBe('5');
  });

  it('runs a program and tells what it printed and how it ended', async () => {
    api.onExec((command, pod) => ({ stdout: `${pod} ${command.join(' ')}`, stderr: 'careful', exitCode: 3 }));
    expect(await cluster.exec({ ...CONTAINER, container: 'discovery' }, ['ls', '-l'])).toEqual({
      stdout: 'istio-system/istiod-1 ls -l',
      stderr: 'careful',
      exitCode: 3,
    });
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintEchoCertificate } from '../../src/local/stand-in/echo-certificate.ts';
import { runCli } from '../support/cli.ts';
import { type FakeMesh, startFakeMesh } from '../support/fake-mesh.ts';

// A server of TLS for *.example.com, and a sidecar that knows its name.

let mesh: FakeMesh;
let directory: string;
let serverPort: number;
let captured: string[];
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  mesh = await startFakeMesh();
  directory = await mkdtemp(join(tmpdir(), 'heddle-test-'));
  const { key, cert } = await mintEchoCertificate(Date.now());
  await writeFile(join(directory, 'root.pem'), cert);
  const server = createTlsServer({ key, cert }, (request, response) => {
    response.end(`${request.method} ${request.headers.host}${request.url}\n`);
  });
  captured = [];
  const sidecar = createServer().on('connect', (request, socket) => {
    captured.push(request.url ?? '');
    if (request.url?.startsWith('unknown.') === true) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const upstream = connect(serverPort, '127.0.0.1');
    for (const end of [socket, upstream]) end.on('error', () => {});
    socket.pipe(upstream).pipe(socket);
  });
  for (const each of [server, sidecar]) {
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
    closers.push(
      () => each.closeAllConnections(),
      () => each.close(),
    );
  }
  serverPort = (server.address() as AddressInfo).port;
  mesh.control.proxy = { host: '127.0.0.1', port: (sidecar.address() as AddressInfo).port };
});

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(directory, { recursive: true });
  await mesh.close();
});

const curl = (...argv: readonly string[]) => runCli(['local', 'curl', ...argv], { env: mesh.env, cwd: directory });

describe('local curl of an https URL', () => {
  it('sends TLS of its own through the sidecar, for a certificate that it trusts', async () => {
    const { code, stdout } = await curl('--cacert', 'root.pem', '-d', 'x', 'https://a.example.com/path?q=1');
    expect([code, stdout]).toEqual([0, 'POST a.example.com/path?q=1\n']);
    expect(captured).toEqual(['a.example.com:443']);
    expect((await curl('--cacert', 'root.pem', 'https://a.example.com:8443/')).stdout).toBe(
      'GET a.example.com:8443/\n',
    );
  });

  it('refuses a certificate of another authority or name, unless told not to look', async () => {
    const stranger = await curl('https://a.example.com/');
    expect(stranger.code).toBe(69);
    expect(stranger.stderr).toContain('--cacert');
    expect((await curl('--cacert', 'root.pem', 'https://a.example.org/')).code).toBe(69);
    expect((await curl('-k', 'https://a.example.org/')).stdout).toBe('GET a.example.org/\n');
  });

  it('says that the sidecar does not know a host', async () => {
    const { code, stderr } = await curl('-k', 'https://unknown.example.com/');
    expect(code).toBe(69);
    expect(stderr).toContain('does not know unknown.example.com:443');
  });

  it('goes to this machine for a name below .localhost, and refuses two ways at once', async () => {
    expect((await curl('-k', `https://a.localhost:${serverPort}/`)).stdout).toBe(`GET a.localhost:${serverPort}/\n`);
    expect(captured).toEqual([]);
    expect((await curl('--gateway', '--from', 'api', 'https://a.example.com/')).code).toBe(64);
  });
});

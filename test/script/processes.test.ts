import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { freePort } from '../support/free-port.ts';

let directory: string;
let env: NodeJS.ProcessEnv;
const started = new Set<ChildProcess>();

beforeAll(ensureBuilt, 60_000);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-processes-'));
  env = { PATH: process.env['PATH'], HOME: directory, HEDDLE_STATE_DIR: join(directory, 'state') };
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
  await rm(directory, { recursive: true, force: true });
});

const heddle = (...argv: readonly string[]): ChildProcess => {
  const child = spawn(process.execPath, [HEDDLE, ...argv], { env, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
};

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const end = async (child: ChildProcess): Promise<Ended> => {
  const written = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...written };
};

const run = (...argv: readonly string[]): Promise<Ended> => end(heddle(...argv));

/** The URL that `up` prints last, when the mesh is ready. */
const urlOf = async (up: ChildProcess): Promise<URL> => {
  if (up.stdout === null) throw new Error('standard output is a pipe');
  for await (const line of createInterface({ input: up.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return new URL(url);
  }
  throw new Error('the mesh ended before it was ready');
};

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const KEPT = ['access.log', 'ca', 'up.log'];

describe('local up in the foreground', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends by %s with %i and leaves no process, port or file', async (signal, code) => {
    const up = heddle('local', 'up', '--sample', 'hello', '--gateway-port', '0');
    const url = await urlOf(up);
    const status = JSON.parse((await run('local', 'status', '-o', 'json')).stdout);
    const [host = '', port = ''] = status.items[0].inbound[0].split(':');
    expect(await accepts(host, Number(port))).toBe(true);
    up.kill(signal);
    expect((await end(up)).code).toBe(code);
    expect(await accepts(host, Number(port))).toBe(false);
    expect(await accepts('127.0.0.1', Number(url.port))).toBe(false);
    expect(await accepts('127.0.0.1', Number(new URL(status.admin.url).port))).toBe(false);
    const left = await readdir(join(directory, 'state'));
    expect(left.filter((name) => !KEPT.includes(name))).toEqual([]);
  });

  it('ends with 0 when it is taken down from elsewhere', async () => {
    const up = heddle('local', 'up', '--sample', 'hello', '--gateway-port', '0');
    await urlOf(up);
    const ended = end(up);
    expect((await run('local', 'down')).code).toBe(0);
    expect((await ended).code).toBe(0);
  });

  it('ends quietly when nobody reads what it prints any more', async () => {
    await writeFile(
      join(directory, 'up.sh'),
      `"${process.execPath}" "${HEDDLE}" local up --sample hello --gateway-port 0; echo "code $?" >&2`,
    );
    const shell = spawn('sh', ['-c', 'sh up.sh | true'], { env, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stderr } = await end(shell);
    expect(stderr).toBe('code 0\n');
    expect((await run('local', 'status')).code).toBe(69);
  });

  it('reloads when a file is saved, and tells of a mistake in it', async () => {
    const file = join(directory, 'app.yaml');
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n';
    await writeFile(file, namespace);
    const up = heddle('local', 'up', 'app.yaml', '--gateway-port', '0');
    if (up.stdout === null || up.stderr === null) throw new Error('both streams are pipes');
    await once(up.stdout, 'data');
    const lines = createInterface({ input: up.stderr })[Symbol.asyncIterator]();
    const said = async (wanted: RegExp): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true || wanted.test(value)) return value ?? '';
      }
    };
    // The facts may be out just before the watch is armed: an impatient editor saves until it is heard.
    const more = `${namespace}---\n${namespace.replace('shop', 'bar')}`;
    const saving = setInterval(() => void writeFile(file, more), 500);
    expect(await said(/^reloaded/)).toMatch(/configuration 2: .*Namespace bar/);
    clearInterval(saving);
    await writeFile(file, 'kind: [');
    expect(await said(/^error/)).toMatch(/^error\[YAML_SYNTAX\]/);
    expect(await said(/^reload refused/)).toContain('last good configuration');
    up.kill('SIGINT');
    expect((await end(up)).code).toBe(130);
  });
});

describe('a killed mesh', () => {
  it('is not in the way of the next one', async () => {
    const first = heddle('local', 'up', '--sample', 'hello', '--gateway-port', '0');
    await urlOf(first);
    first.kill('SIGKILL');
    await end(first);
    expect((await run('local', 'status')).code).toBe(69);
    expect((await run('local', 'up', '-d', '--sample', 'hello', '--gateway-port', '0')).code).toBe(0);
    expect((await run('local', 'curl', 'http://hello-service.example-namespace/')).stdout).toBe('Hello from Istio!\n');
    expect((await run('local', 'down')).code).toBe(0);
  });
});

describe('local run', () => {
  const SERVER = `
    const { createServer } = require('node:http');
    createServer((request, response) => response.end('mine\\n')).listen(Number(process.env.PORT), '127.0.0.1');`;

  it('puts a program in the place of a workload until a signal ends both', async () => {
    expect((await run('local', 'up', '-d', '--sample', 'hello', '--gateway-port', '0')).code).toBe(0);
    const port = await freePort();
    const app = heddle(
      'local',
      'run',
      '--app',
      'hello-service',
      '--port',
      String(port),
      '--',
      process.execPath,
      '-e',
      SERVER,
    );
    if (app.stderr === null) throw new Error('standard error is a pipe');
    const [said] = await once(app.stderr.setEncoding('utf8'), 'data');
    expect(said).toMatch(/^hello-service\.example-namespace is now 127\.0\.0\.1:\d+, as spiffe:\/\//);
    const ask = async () => (await run('local', 'curl', 'http://hello-service.example-namespace/')).stdout;
    expect(await ask()).toBe('mine\n');
    expect(JSON.parse((await run('local', 'status', '-o', 'json')).stdout).items[0].standIn).toBe(false);
    app.kill('SIGTERM');
    expect((await end(app)).code).toBe(143);
    expect(await ask()).toBe('Hello from Istio!\n');
    expect((await run('local', 'down')).code).toBe(0);
  });
});

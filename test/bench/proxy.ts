// CPU per request of one gateway hop: heddle next to nginx and Envoy, where they are installed (install-peers.sh).
// Rounds are interleaved, because the machine is never quiet: compare ratios of one run, never numbers of two.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { envoy, nginx, type Peer, which } from './proxy/peers.ts';

const CONNECTIONS = 64;

interface Measured {
  readonly name: string;
  readonly cpuUs: number[];
  readonly p50Us: number[];
  readonly p99Us: number[];
}

const hasTaskset = which('taskset') !== undefined;

const children: ChildProcess[] = [];

/** Starts a process on a core of its own where that can be said. */
const start = (core: number, command: readonly [string, ...string[]]): ChildProcess => {
  const [program, ...args] = hasTaskset ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn(program ?? '', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
};

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`a process of the benchmark ended with ${code}`)));
  });

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const untilListening = async (port: number): Promise<void> => {
  for (let round = 0; round < 100; round += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on ${port}`);
};

/** CPU time of a process, its threads and its children, in nanoseconds. */
const cpuOf = (pid: number): number => {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)) {
      total += cpuOf(Number(child));
    }
  }
  return total;
};

/** Bundled as the product is: what runs must be what users run. */
const compile = async (directory: string, source: URL): Promise<string> => {
  const outfile = join(directory, basename(source.pathname).replace('.ts', '.mjs'));
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  });
  return outfile;
};

const startPeer = async (peer: Peer | undefined): Promise<readonly [string, number, number] | undefined> => {
  if (peer === undefined) return undefined;
  const child = start(1, peer.command);
  await untilListening(peer.port);
  return [peer.name, peer.port, child.pid ?? 0];
};

const spread = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [at(0), at(0.5), at(1)].map((value) => value.toFixed(1).padStart(7)).join(' ');
};

const ratioTo = (all: readonly Measured[], name: string, of: Measured): string => {
  const other = all.find((entry) => entry.name === name);
  if (other === undefined || other === of) return '';
  const ratios = of.cpuUs.map((value, round) => value / (other.cpuUs[round] ?? 1)).sort((a, b) => a - b);
  const median = ratios[Math.floor(ratios.length / 2)] ?? 0;
  return `  ${median.toFixed(2)}x ${name} [${ratios[0]?.toFixed(2)}-${ratios.at(-1)?.toFixed(2)}]`;
};

/** Runs the comparison and prints it. Linux only: CPU time comes from /proc. */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, seconds: { type: 'string' }, bytes: { type: 'string' } },
  });
  if (!existsSync('/proc/self/schedstat')) throw new Error('this benchmark reads /proc and needs Linux');
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    await compare(directory, Number(values.rounds ?? 5), Number(values.seconds ?? 2), values.bytes ?? '128');
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  }
};

const compare = async (directory: string, rounds: number, seconds: number, bytes: string): Promise<void> => {
  const [backendFile, loadFile, gatewayFile] = await Promise.all([
    compile(directory, new URL('./proxy/backend.ts', import.meta.url)),
    compile(directory, new URL('./proxy/load.ts', import.meta.url)),
    compile(directory, new URL('./proxy/gateway.ts', import.meta.url)),
  ]);
  const node = process.execPath;
  const backend = Number(await firstLine(start(0, [node, backendFile, bytes])));
  const own = start(1, [node, gatewayFile, String(backend), join(directory, 'heddle-access.log')]);
  const proxies = [
    ['heddle', Number(await firstLine(own)), own.pid ?? 0] as const,
    await startPeer(nginx(directory, backend, await freePort())),
    await startPeer(envoy(directory, backend, await freePort())),
  ].filter((entry) => entry !== undefined);
  const all = proxies.map(([name]): Measured => ({ name, cpuUs: [], p50Us: [], p99Us: [] }));
  // Round -1 warms up: code is compiled, connections are opened.
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, [name, port, pid]] of proxies.entries()) {
      const before = cpuOf(pid);
      const load = start(0, [node, loadFile, String(port), String(CONNECTIONS), String(seconds * 1000)]);
      const { requests, failures, p50Us, p99Us } = JSON.parse(await firstLine(load));
      if (failures > 0) throw new Error(`${name}: ${failures} requests failed`);
      if (round < 0) continue;
      all[index]?.cpuUs.push((cpuOf(pid) - before) / 1000 / requests);
      all[index]?.p50Us.push(p50Us);
      all[index]?.p99Us.push(p99Us);
    }
  }
  console.log(`${CONNECTIONS} connections, ${bytes} B, ${rounds} interleaved rounds of ${seconds} s`);
  console.log('          CPU us/request: min, med, max    p50 us: min, med, max    p99 us: min, med, max');
  for (const entry of all) {
    const ratios = ratioTo(all, 'envoy', entry) + ratioTo(all, 'nginx', entry);
    const columns = [entry.cpuUs, entry.p50Us, entry.p99Us].map(spread).join('  ');
    console.log(`${entry.name.padEnd(8)}${columns}${ratios}`);
  }
};

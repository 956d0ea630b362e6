import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { openStateDir, type StateDir } from '../../local/state.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { packageRoot } from '../package.ts';
import { recordedMesh } from './connect.ts';
import { factLines } from './facts.ts';
import type { UpPlan } from './plan.ts';
import { withSpinner } from './spinner.ts';

/** Where a detached mesh writes: its answer, removed once it was read, and what it has to report as long as it runs. */
const OUT_FILE = 'up.out';
const ERR_FILE = 'up.log';

const commandLine = (context: Context, plan: UpPlan): readonly string[] => [
  'local',
  'up',
  '--no-color',
  `--output=${context.format}`,
  `--timeout=${plan.timeoutMs}ms`,
  `--gateway-port=${plan.gatewayPort}`,
  plan.watch ? '--watch' : '--no-watch',
  '--',
  ...plan.paths,
];

interface Background {
  readonly pid: number;
  /** Settles with the exit code if it ends. */
  readonly ended: Promise<number>;
  /** Lets this process end before it. */
  letGo(): void;
  stop(): void;
}

const spawnBackground = async (context: Context, plan: UpPlan, stateDir: StateDir): Promise<Background> => {
  const [out, err] = await Promise.all([OUT_FILE, ERR_FILE].map((name) => open(stateDir.file(name), 'w', 0o600)));
  if (out === undefined || err === undefined) throw new Error('two files were opened');
  const script = join(packageRoot(), 'bin', 'heddle.js');
  const child = spawn(context.io.execPath, [script, ...commandLine(context, plan)], {
    detached: true,
    cwd: context.io.cwd,
    env: { ...context.io.env, HEDDLE_STATE_DIR: plan.stateDir },
    stdio: [plan.paths.includes('-') ? 'inherit' : 'ignore', out.fd, err.fd],
  });
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : EXIT.failure));
  if (child.pid === undefined) await once(child, 'error').then(([cause]) => Promise.reject(cause));
  await Promise.all([out.close(), err.close()]);
  return { pid: child.pid ?? 0, ended, letGo: () => child.unref(), stop: () => void child.kill('SIGTERM') };
};

const pause = (ms: number): Promise<'later'> => new Promise((resolve) => setTimeout(() => resolve('later'), ms));

/** Shows a mesh that did not come up as if it had run here: its own words and its own exit code. */
const relayFailure = async (context: Context, stateDir: StateDir, code: number): Promise<number> => {
  context.out.write((await stateDir.read(OUT_FILE)) ?? '');
  context.err.write((await stateDir.read(ERR_FILE)) ?? '');
  await Promise.all([stateDir.remove(OUT_FILE), stateDir.remove(ERR_FILE)]);
  return code === EXIT.ok ? EXIT.failure : code;
};

/**
 * Starts a mesh in a process of its own and answers when it is ready; `heddle local down` ends it. If it fails, its
 * own error and exit code are the answer.
 */
export const runDetached = async (context: Context, plan: UpPlan): Promise<number> => {
  const stateDir = await openStateDir(plan.stateDir);
  await refuseSecond(stateDir, context.io.pid);
  const background = await spawnBackground(context, plan, stateDir);
  const deadlineMs = performance.now() + plan.timeoutMs + 2_000;
  const outcome = await withSpinner(context, 'starting the mesh', async () => {
    for (;;) {
      const ended = await Promise.race([background.ended, pause(25)]);
      if (ended !== 'later') return { kind: 'failed', code: ended } as const;
      const record = await stateDir.readRecord();
      const client = record?.pid === background.pid ? await recordedMesh(stateDir) : undefined;
      // The first output is the summary, printed when every workload is ready.
      const printed = ((await stateDir.read(OUT_FILE)) ?? '') !== '';
      if (client !== undefined && printed && (await client.isAlive()))
        return { kind: 'ready', summary: await client.summary() } as const;
      if (performance.now() > deadlineMs || context.signal.aborted) return { kind: 'late' } as const;
    }
  });
  if (outcome.kind === 'failed') return relayFailure(context, stateDir, outcome.code);
  if (outcome.kind === 'late') {
    background.stop();
    await background.ended;
    if (context.signal.aborted)
      throw new Fault('interrupted before the mesh was ready', { kind: 'interrupted', code: 'INTERRUPTED' });
    throw new Fault('the mesh was not ready in time', {
      kind: 'timeout',
      code: 'NOT_READY',
      hint: `see ${stateDir.file(ERR_FILE)}`,
    });
  }
  background.letGo();
  await stateDir.remove(OUT_FILE);
  context.err.write((await stateDir.read(ERR_FILE)) ?? '');
  await printDocument(context, outcome.summary, () =>
    factLines(outcome.summary, context.out.paint).join('\n').concat('\n'),
  );
  if (!context.quiet && context.err.isTty)
    context.err.line(context.err.paint.dim(`running as process ${background.pid}; stop it with: heddle local down`));
  return EXIT.ok;
};

/** Two meshes of one state directory are refused before a process is started and its files are overwritten. */
const refuseSecond = async (stateDir: StateDir, pid: number): Promise<void> => {
  const lock = await stateDir.lock(pid);
  await lock.release();
};

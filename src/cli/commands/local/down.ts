import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../../base/fault.ts';
import { findStateDir, type StateDir, stateDirectory } from '../../../local/state.ts';
import { type Context, defineCommand, durationMs } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { recordedMesh, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { printDocument } from '../../output.ts';

const DEFAULT_TIMEOUT_MS = 15_000;

/** Asks the mesh itself; one that does not answer, because it starts or hangs, gets the signal. */
const askToStop = async (context: Context, stateDir: StateDir, pid: number): Promise<void> => {
  const mesh = await recordedMesh(stateDir);
  if (mesh !== undefined && (await mesh.isAlive())) await mesh.stop();
  else context.io.terminate(pid);
};

/** Waits until the process has let go of the state directory, which is the last thing it does. */
const awaitEnd = async (stateDir: StateDir, pid: number, timeoutMs: number): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  while ((await stateDir.holder()) === pid) {
    if (performance.now() > deadlineMs)
      throw new Fault(`the mesh of process ${pid} has not ended in time`, {
        kind: 'timeout',
        code: 'STILL_RUNNING',
        hint: `end it with: kill -9 ${pid}`,
      });
    await sleep(25);
  }
};

export const down = defineCommand({
  summary: 'Ends the running mesh: requests in flight finish, then every port is free.',
  examples: [
    ['heddle local down', 'end the mesh of this state directory'],
    ['HEDDLE_STATE_DIR=./mesh-b heddle local down', 'end another one'],
  ],
  options: {
    timeout: durationMs('--timeout <duration>', 'how long to wait for its end (default 15s)', DEFAULT_TIMEOUT_MS),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 0: 'no mesh runs any more, or none did', 75: 'the mesh has not ended in time' },
  environment: STATE_ENVIRONMENT,
  notes: ['The CA stays in the state directory, so that the next mesh has the same root.'],
  seeAlso: ['heddle local up -d PATH'],
  run: async (context, _args, { timeout }) => {
    const path = stateDirectory(context.io.env, context.io.cwd);
    const stateDir = await findStateDir(path);
    const pid = await stateDir?.holder();
    if (stateDir !== undefined && pid !== undefined) {
      await askToStop(context, stateDir, pid);
      await awaitEnd(stateDir, pid, timeout);
    }
    const stopped = pid !== undefined;
    await printDocument(context, { kind: 'LocalDown', stopped }, () =>
      stopped ? `mesh of process ${pid} ended\n` : '',
    );
    if (!stopped && !context.quiet) context.err.line(`no mesh is running with state directory ${path}`);
    return EXIT.ok;
  },
});

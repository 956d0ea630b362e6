import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';

const STOP_LIMIT_MS = 10_000;
const PROBE_INTERVAL_MS = 50;
const LOG_LINES = 8;

/** A program of a cluster, running; its output is in `log`. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  hasEnded(): boolean;
  /** Asks it to end, and ends it where it does not within ten seconds. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  /** Its working directory, in which its log is written, too. */
  readonly directory: string;
  /** This process's own where absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts a program that ends with this process at the latest. */
export const startProgram = (name: string, argv: readonly string[], options: ProgramOptions): Program => {
  const [file = '', ...args] = argv;
  const log = join(options.directory, `${name}.log`);
  const output = openSync(log, 'a');
  const child = spawn(file, args, {
    cwd: options.directory,
    env: options.env ?? process.env,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = once(child, 'exit').catch(() => undefined);
  const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killNow);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!hasEnded()) {
      child.kill(signal);
      const timer = setTimeout(killNow, STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    }
    process.off('exit', killNow);
  };
  return { name, pid: child.pid ?? 0, log, hasEnded, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
};

const lastLines = (log: string): string => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');

/** Waits until `probe` gives a value; throws with the end of the log where the program ends or takes too long. */
export const waitFor = async <T>(
  program: Program,
  what: string,
  probe: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> => {
  const giveUp = Date.now() + limitMs;
  for (;;) {
    const found = await probe().catch(() => undefined);
    if (found !== undefined) return found;
    const reason = program.hasEnded() ? 'ended' : Date.now() > giveUp ? `took over ${limitMs / 1000} s` : undefined;
    if (reason !== undefined) throw new Error(`${what}: ${program.name} ${reason}\n${lastLines(program.log)}`);
    await later(PROBE_INTERVAL_MS);
  }
};

import { Readable } from 'node:stream';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { Io } from '../../src/cli/io.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether somebody is there to be asked. */
  readonly stdinIsTty?: boolean;
  readonly isTty?: boolean;
  readonly signal?: AbortSignal;
  /** The working directory; this process's own unless told otherwise. */
  readonly cwd?: string;
  /** Sees what is written, as it is written. */
  readonly onWrite?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** Runs a command line in this process, against streams of its own. */
export const runCli = async (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTty: options.isTty ?? false,
    columns: undefined,
    write: (text: string | Uint8Array) => {
      const words = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      written[name] += words;
      options.onWrite?.(name, words);
    },
  });
  const stdin = options.stdin ?? '';
  const io: Io = {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdin: Readable.from([stdin]),
    readStdin: async () => stdin,
    stdinIsTty: options.stdinIsTty ?? false,
    env: { HEDDLE_STATE_DIR: '/nonexistent/heddle', PATH: process.env['PATH'], ...options.env },
    cwd: options.cwd ?? process.cwd(),
    pid: process.pid,
    execPath: process.execPath,
    nodeVersion: process.versions.node,
    platform: process.platform,
    terminate: () => {
      throw new Error('no process of a test is ended');
    },
  };
  const signal = options.signal ?? new AbortController().signal;
  const code = await dispatch(argv, io, { signal, takeOver: () => undefined });
  return { code, ...written };
};

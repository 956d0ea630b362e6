import { constants } from 'node:os';

/** One output stream of the process, as commands may use it. */
export interface Stream {
  /** Never throws: a reader that went away is noticed by `Io.onBrokenPipe`. */
  write(text: string | Uint8Array): void;
  readonly isTty: boolean;
  /** Width of the terminal; undefined where it is none, or does not say (some pretend to have 0 columns). */
  readonly columns: number | undefined;
}

/** Everything of the process a command may see; the tests make their own. */
export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** At its end at once where it is closed. */
  readonly stdin: NodeJS.ReadableStream;
  /** All of it as text; the empty string at once where it is closed. */
  readStdin(): Promise<string>;
  readonly stdinIsTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly pid: number;
  /** The program that runs heddle. */
  readonly execPath: string;
  readonly nodeVersion: string;
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly platform: string;
  /** Asks a process to end; one that is gone already is no error. */
  terminate(pid: number): void;
}

export type ColorChoice = 'auto' | 'always' | 'never';

/**
 * Whether to colour one stream. Order: `--color=always|never` and `--no-color` (the caller folds them into `choice`),
 * then a non-empty NO_COLOR, FORCE_COLOR or CLICOLOR_FORCE (`0` does not force), TERM=dumb, and last the stream itself.
 */
export const wantsColor = (choice: ColorChoice, env: Io['env'], isTty: boolean): boolean => {
  if (choice !== 'auto') return choice === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? env['CLICOLOR_FORCE'];
  if (forced !== undefined && forced !== '' && forced !== '0' && forced !== 'false') return true;
  if (env['TERM'] === 'dumb') return false;
  return isTty;
};

const streamOf = (stream: NodeJS.WriteStream): Stream => ({
  write: (text) => void stream.write(text),
  isTty: stream.isTTY === true,
  columns: stream.columns > 0 ? stream.columns : undefined,
});

const readAll = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const terminate = (pid: number): void => {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** The real process. */
export const processIo = (): Io => ({
  stdout: streamOf(process.stdout),
  stderr: streamOf(process.stderr),
  // Touching process.stdin opens it, which not every command needs.
  get stdin() {
    return process.stdin;
  },
  readStdin: readAll,
  get stdinIsTty() {
    return process.stdin.isTTY === true;
  },
  env: process.env,
  cwd: process.cwd(),
  pid: process.pid,
  execPath: process.execPath,
  nodeVersion: process.versions.node,
  platform: process.platform,
  terminate,
});

/** Exit code of a process that a signal ended, as shells count: 128 plus its number. */
export const signalExitCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** What can happen to the process as a whole. */
export interface ProcessWatcher {
  /** The first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  onSignal(signal: NodeJS.Signals): void;
  /** The reader of standard output went away, as in `heddle ... | head`: nothing more can be said, and nothing is. */
  onBrokenPipe(): void;
  /** Something was thrown that no command caught. */
  onBug(error: unknown): void;
}

/** Installs the handlers; once per process. */
export const watchProcess = ({ onSignal, onBrokenPipe, onBug }: ProcessWatcher): void => {
  let seen = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (seen) process.exit(signalExitCode(signal));
      seen = true;
      onSignal(signal);
    });
  process.stdout.on('error', onBrokenPipe);
  // Without a reader of stderr there is nobody to tell.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
};

/** Ends the process without waiting for what is still open. */
export const exitNow = (code: number): never => process.exit(code);

/** Ends the process within two seconds if something still keeps it; does not itself keep it. */
export const exitSoon = (code: number): void => {
  setTimeout(() => process.exit(code), 2_000).unref();
};

import { spawn } from 'node:child_process';
import { Fault } from '../../base/fault.ts';
import type { Context } from '../command.ts';
import { signalExitCode } from '../io.ts';

/** How a command of the user's runs: as a shell line, or as a program with its arguments. */
export type ChildCommand =
  | { readonly kind: 'shell'; readonly line: string }
  | { readonly kind: 'program'; readonly program: string; readonly args: readonly string[] };

const cannotStart = (program: string, cause: NodeJS.ErrnoException): Fault =>
  new Fault(
    cause.code === 'ENOENT' ? `there is no program "${program}"` : `cannot start ${program}: ${cause.message}`,
    {
      kind: 'failure',
      code: 'CANNOT_START',
      hint: 'check that it is installed and on the PATH',
      cause,
    },
  );

const isSignal = (reason: unknown): reason is NodeJS.Signals =>
  reason === 'SIGINT' || reason === 'SIGTERM' || reason === 'SIGHUP';

/**
 * Runs a program of the user's with our own streams and more environment, to its exit code (128 plus the signal that
 * ended it); throws CANNOT_START. A signal to heddle is passed on; on a terminal Ctrl-C reaches the program anyway, and
 * is not sent twice.
 */
export const runChild = async (
  context: Context,
  command: ChildCommand,
  env: Readonly<Record<string, string>>,
): Promise<number> => {
  const { io, signal } = context;
  const options = { stdio: 'inherit', cwd: io.cwd, env: { ...io.env, ...env } } as const;
  const child =
    command.kind === 'shell'
      ? spawn(command.line, { ...options, shell: true })
      : spawn(command.program, command.args, options);
  const passOn = (): void => {
    const { reason } = signal;
    const terminalTold = reason === 'SIGINT' && io.stdinIsTty;
    if (!terminalTold) child.kill(isSignal(reason) ? reason : 'SIGTERM');
  };
  signal.addEventListener('abort', passOn);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(cannotStart(command.kind === 'shell' ? command.line : command.program, error)),
    );
    child.once('exit', (code, by) => resolve(code ?? (by === null ? 1 : signalExitCode(by))));
  }).finally(() => signal.removeEventListener('abort', passOn));
};

/** What tells a program to send its HTTP requests through a sidecar; both spellings, as tools differ. */
export const proxyEnvironment = (proxy: {
  readonly host: string;
  readonly port: number;
}): Readonly<Record<string, string>> => {
  const url = `http://${proxy.host}:${proxy.port}`;
  // This machine itself is not in the mesh, and is where its gateway port listens.
  const direct = 'localhost,127.0.0.1,::1';
  return { HTTP_PROXY: url, http_proxy: url, NO_PROXY: direct, no_proxy: direct };
};

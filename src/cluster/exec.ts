import { Fault } from '../base/fault.ts';
import type { CallLimits, ContainerRef, Executed } from './cluster.ts';
import { startDeadline, whenAborted } from './deadline.ts';
import { endedFault, unreachableFault } from './errors.ts';
import type { Connection } from './request.ts';
import { openWebSocket } from './web-socket.ts';

const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

/** The part of `v1.Status` that says how a program ended. */
interface EndStatus {
  readonly status?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** The exit code that a status stands for; undefined where the program did not run. */
const exitCodeOf = ({ status, details }: EndStatus): number | undefined => {
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? undefined : Number(code);
};

/** Runs a program in a container to its end, without input. */
export const execute = async (
  connection: Connection,
  container: ContainerRef,
  command: readonly string[],
  limits?: CallLimits,
): Promise<Executed> => {
  const { namespace, pod } = container;
  const action = `run "${command[0] ?? ''}" in pod "${pod}" in namespace "${namespace}"`;
  const query = new URLSearchParams([
    ...command.map((word): [string, string] => ['command', word]),
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...(container.container === undefined ? [] : [['container', container.container] as [string, string]]),
  ]);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
  const deadline = startDeadline(limits, connection.limits);
  try {
    const socket = await openWebSocket(connection, { action, path }, limits);
    return await new Promise((resolve, reject) => {
      const printed = new Map<number, Buffer[]>();
      const textOf = (channel: number): string => Buffer.concat(printed.get(channel) ?? []).toString('utf8');
      const forget = whenAborted(deadline.signal, () => {
        reject(endedFault(action, connection.client, deadline));
        socket.terminate();
      });
      socket.on('message', (data: Buffer) => {
        const channel = data[0] ?? 0;
        printed.set(channel, [...(printed.get(channel) ?? []), data.subarray(1)]);
      });
      socket.on('close', () => {
        forget();
        const status = textOf(STATUS);
        if (status === '') {
          reject(unreachableFault(action, connection.client, new Error('the connection was cut')));
          return;
        }
        const ended = JSON.parse(status) as EndStatus;
        const exitCode = exitCodeOf(ended);
        if (exitCode === undefined) reject(notRun(action, ended.message ?? 'the container refuses'));
        else resolve({ stdout: textOf(STDOUT), stderr: textOf(STDERR), exitCode });
      });
      socket.resume();
    });
  } finally {
    deadline.stopClock();
  }
};

const notRun = (action: string, message: string): Fault =>
  new Fault(`cannot ${action}: ${message}`, {
    kind: 'failure',
    code: 'EXEC_FAILED',
    hint: 'see that the container runs and has the program',
  });

import { Readable } from 'node:stream';
import { Fault } from '../../base/fault.ts';
import { readSources, STDIN } from '../../input/read.ts';
import { type MeshEvent, type Supervisor, startSupervisor } from '../../local/supervisor.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import type { Printer } from '../output.ts';
import { printDocument } from '../output.ts';
import { clientVersion } from '../package.ts';
import { printProblems } from '../report/problems.ts';
import { runInMesh } from './exec.ts';
import { factLines } from './facts.ts';
import type { UpPlan } from './plan.ts';
import { withSpinner } from './spinner.ts';

/** One line per thing that happens to a running mesh, problems with their lines. */
const printEvent = (event: MeshEvent, err: Printer, quiet: boolean): void => {
  const { green, red } = err.paint;
  if (event.kind === 'problems') printProblems(event.problems, event.sources, err);
  else if (event.kind === 'reload-refused') err.line(`${red('reload refused')}: ${event.reason}`);
  else if (!quiet && event.kind === 'notice') err.line(event.text);
  else if (!quiet && event.kind === 'reloaded') {
    const changes = event.changed.length === 0 ? 'nothing changed' : event.changed.join(', ');
    err.line(`${green('reloaded')}, configuration ${event.generation}: ${changes}`);
  }
};

const notReady = (plan: UpPlan, reasons: readonly string[]): Fault =>
  new Fault(['the mesh was not ready in time', ...reasons.map((reason) => `  ${reason}`)].join('\n'), {
    kind: 'timeout',
    code: 'NOT_READY',
    hint: `give it longer than --timeout ${plan.timeoutMs}ms, or look at what the workload waits for`,
  });

const interrupted = (): Fault =>
  new Fault('interrupted before the mesh was ready', { kind: 'interrupted', code: 'INTERRUPTED' });

/** Resolves after so many milliseconds, or as soon as the signal aborts; leaves no timer behind. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

const waitingFor = ({ control }: Supervisor): readonly string[] =>
  control
    .status()
    .items.filter(({ ready, replicas }) => ready < replicas)
    .map(
      ({ namespace, name, ready, replicas, notReady: why }) =>
        `${namespace}/${name}: ${ready} of ${replicas} ready${why === undefined ? '' : `, ${why}`}`,
    );

/** Waits until every workload is ready; throws the timeout, or the interruption, that came first. */
const awaitReady = async (
  supervisor: Supervisor,
  plan: UpPlan,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    const waiting = waitingFor(supervisor);
    if (waiting.length === 0) return;
    if (signal.aborted) throw interrupted();
    if (performance.now() >= deadlineMs) throw notReady(plan, waiting);
    await pause(50, signal);
  }
};

/** Reads the input, as often as asked; standard input can be read once and is kept. */
const sourcesOf = async ({ io, err }: Context, paths: readonly string[]) => {
  if (!paths.includes(STDIN)) return () => readSources(paths, io);
  if (io.stdinIsTty) err.line('reading from standard input, until Ctrl-D:');
  const kept = await io.readStdin();
  return () => readSources(paths, { ...io, stdin: Readable.from([kept]) });
};

const start = async (context: Context, plan: UpPlan): Promise<Supervisor> => {
  const { err, signal } = context;
  const deadlineMs = performance.now() + plan.timeoutMs;
  const starting = startSupervisor({
    sources: await sourcesOf(context, plan.paths),
    paths: plan.paths,
    watch: plan.watch,
    stateDir: plan.stateDir,
    gatewayPort: plan.gatewayPort,
    version: clientVersion(),
    onEvent: (event) => printEvent(event, err, context.quiet),
  });
  const settled = new AbortController();
  const givenUp = pause(plan.timeoutMs, AbortSignal.any([signal, settled.signal])).then(() => undefined);
  const supervisor = await Promise.race([starting, givenUp]).finally(() => settled.abort());
  if (supervisor === undefined) {
    // Whatever still comes of it is taken down as soon as it is there.
    starting.then((late) => late.close()).catch(() => undefined);
    throw signal.aborted ? interrupted() : notReady(plan, []);
  }
  try {
    await awaitReady(supervisor, plan, deadlineMs, signal);
    return supervisor;
  } catch (error) {
    await supervisor.close();
    throw error;
  }
};

/** Resolves when the mesh ended by itself (`heddle local down`) or this process was told to stop. */
const ended = (supervisor: Supervisor, signal: AbortSignal): Promise<void> =>
  Promise.race([
    supervisor.closed,
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }),
  ]);

/** The live view: a person watching sees every request at every proxy it meets. Scripts have `heddle local logs`. */
const followRequests = async ({ control }: Supervisor, err: Printer, signal: AbortSignal): Promise<void> => {
  for await (const { proxy, text } of control.logs({ follow: true, tail: 0, workload: undefined }, signal))
    err.line(`${err.paint.cyan(proxy)} ${err.paint.dim(text)}`);
};

/**
 * Runs a mesh in this process until Ctrl-C or `heddle local down`; with a command, until that has ended, whose exit code
 * is the answer. The facts go to standard output, or to standard error where a command owns it.
 */
export const runForeground = async (context: Context, plan: UpPlan, command: string | undefined): Promise<number> => {
  const { err, signal, quiet } = context;
  const supervisor = await withSpinner(context, 'starting the mesh', () => start(context, plan));
  try {
    const { summary } = supervisor;
    if (command !== undefined) {
      if (!quiet) for (const line of factLines(summary, err.paint)) err.line(line);
      return await runInMesh(context, command, plan, supervisor);
    }
    await printDocument(context, summary, () => factLines(summary, context.out.paint).join('\n').concat('\n'));
    if (!quiet && err.isTty) {
      err.line(err.paint.dim('ready; requests follow as they finish, Ctrl-C stops'));
      void followRequests(supervisor, err, signal);
    }
    await ended(supervisor, signal);
    if (signal.aborted && !quiet && err.isTty) err.line(err.paint.dim('stopping'));
    return EXIT.ok;
  } finally {
    await supervisor.close();
  }
};

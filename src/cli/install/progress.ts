import type { InstallEvent } from '../../cluster/install/carry-out.ts';
import { NOT_SERVED } from '../../cluster/install/readiness.ts';
import type { Context } from '../command.ts';
import { componentTitle, objectName } from './plan-lines.ts';

/** Tells a person or a log how an installation goes. */
export interface Progress {
  onEvent(event: InstallEvent): void;
  /** Ends what moves on the terminal; nothing is told afterwards. */
  stop(): void;
}

const HEARTBEAT_MS = 30_000;

/** One event of `-o ndjson`. */
const eventDocument = (event: InstallEvent, elapsedMs: number): object => ({
  apiVersion: 'heddle/v1',
  kind: 'InstallEvent',
  type: event.type,
  elapsedMs: Math.round(elapsedMs),
  component: event.component,
  ...('object' in event && {
    object: { kind: event.object.kind, namespace: event.object.namespace, name: event.object.name },
  }),
  ...(event.type === 'applied' && { change: event.change }),
  ...(event.type === 'waiting' && { reason: event.reason }),
  ...(event.type === 'failed' && { code: event.fault.code, message: event.fault.message }),
  ...(event.type === 'skipped' && { because: event.because }),
});

/** What is waited for, and why; definitions are many, and wait for one and the same thing. */
const waitedFor = ({ object, reason }: Extract<InstallEvent, { type: 'waiting' }>): string =>
  object.kind === 'CustomResourceDefinition' && reason === NOT_SERVED
    ? 'the API server to serve CustomResourceDefinitions'
    : `${objectName(object)}: ${reason}`;

/** The line for an event; undefined where a person need not know. */
const eventLine = (event: InstallEvent, context: Context): string | undefined => {
  const { green, red, yellow } = context.err.paint;
  const title = componentTitle(event.component);
  switch (event.type) {
    case 'applied':
      return context.verbose > 0
        ? `  ${event.change === 'create' ? 'created' : 'changed'} ${objectName(event.object)}`
        : undefined;
    case 'waiting':
      return `- ${title}: waiting for ${waitedFor(event)}`;
    case 'installed':
      return event.component === 'namespace' ? undefined : `${green('✔')} ${title} installed`;
    case 'failed':
      return `${red('✘')} ${title} failed: ${event.fault.message}`;
    case 'skipped':
      return `${yellow('!')} ${title} not begun, because ${componentTitle(event.because)} is not ready`;
    case 'removed':
      return `  removed ${objectName(event.object)}`;
  }
};

/** Whether a person watches who can be shown something that moves. */
const isWatched = ({ err, io }: Context): boolean =>
  err.isTty && io.stderr.columns !== undefined && (io.env['CI'] ?? '') === '';

/** How long ago something was, as lines of a log begin. */
const elapsed = (sinceMs: number): string => `[${((performance.now() - sinceMs) / 1000).toFixed(1).padStart(5)}s]`;

/**
 * A line for each change with the seconds since the beginning and, in between, a sign of life; on a terminal what is
 * waited for is one line that moves. With `-o ndjson` the events themselves are the answer.
 */
export const startProgress = async (context: Context, title: string): Promise<Progress> => {
  const began = performance.now();
  const waiting = new Map<string, string>();
  const note = (event: InstallEvent): void => {
    if (event.type === 'waiting') waiting.set(event.component, waitedFor(event));
    else if (event.type !== 'applied') waiting.delete(event.component);
  };
  const state = (): string => (waiting.size === 0 ? title : `${title}: ${[...waiting.values()].join('; ')}`);
  if (context.format === 'ndjson') {
    const onEvent = (event: InstallEvent): void =>
      context.out.line(JSON.stringify(eventDocument(event, performance.now() - began)));
    return { onEvent, stop: () => undefined };
  }
  if (context.quiet) return { onEvent: () => undefined, stop: () => undefined };
  if (isWatched(context)) {
    const { default: ora } = await import('ora');
    const spinner = ora({ text: title, discardStdin: false }).start();
    const onEvent = (event: InstallEvent): void => {
      note(event);
      const line = event.type === 'waiting' ? undefined : eventLine(event, context);
      if (line !== undefined) spinner.clear();
      if (line !== undefined) context.err.line(line);
      spinner.text = state();
    };
    return { onEvent, stop: () => void spinner.stop() };
  }
  const beat = setInterval(() => context.err.line(`${elapsed(began)} - still at it: ${state()}`), HEARTBEAT_MS);
  let last: string | undefined;
  const onEvent = (event: InstallEvent): void => {
    note(event);
    const line = eventLine(event, context);
    if (line === undefined || line === last) return;
    last = line;
    context.err.line(`${elapsed(began)} ${line}`);
    beat.refresh();
  };
  return { onEvent, stop: () => clearInterval(beat) };
};

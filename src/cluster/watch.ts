import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../base/fault.ts';
import type { KubernetesObject, ListOptions, ServedKind, WatchEvent } from './cluster.ts';
import { unreachableFault } from './errors.ts';
import { listAll, selectorQuery } from './objects.ts';
import { collectionPath, subjectOf } from './paths.ts';
import { type Connection, openStream } from './request.ts';

/** The server ends a watch after this; with that, a connection that died silently is noticed. */
const WATCH_SECONDS = 240;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** What is known of a collection, and since when the changes are wanted. */
interface Progress {
  readonly known: Map<string, KubernetesObject>;
  /** Empty: unknown, or too old for the server. */
  resourceVersion: string;
  /** When the first of the failures happened that no success has followed. */
  failingSince: number | undefined;
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** What changed between what was known and what a new list has. */
function* differences(progress: Progress, objects: readonly KubernetesObject[]): Iterable<WatchEvent> {
  const gone = new Map(progress.known);
  for (const object of objects) {
    const key = keyOf(object);
    const before = progress.known.get(key);
    const isOther = before !== undefined && before.metadata.uid !== object.metadata.uid;
    if (!isOther) gone.delete(key);
    else yield { type: 'DELETED', object: before };
    gone.delete(key);
    progress.known.set(key, object);
    if (before === undefined || isOther) yield { type: 'ADDED', object };
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: 'MODIFIED', object };
  }
  for (const [key, object] of gone) {
    progress.known.delete(key);
    yield { type: 'DELETED', object };
  }
}

/** Keeps `progress` up with an event. */
const note = (progress: Progress, { type, object }: WatchEvent): void => {
  progress.resourceVersion = object.metadata.resourceVersion ?? progress.resourceVersion;
  if (type === 'DELETED') progress.known.delete(keyOf(object));
  else if (type !== 'BOOKMARK') progress.known.set(keyOf(object), object);
};

/** The lines of a response; throws where it is cut off. */
async function* linesOf(response: IncomingMessage): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** One line of a watch; undefined for an error, after which only a new list helps. */
const readEvent = (line: string): WatchEvent | undefined => {
  const event = JSON.parse(line) as { readonly type: WatchEvent['type'] | 'ERROR'; readonly object: KubernetesObject };
  return event.type === 'ERROR' ? undefined : { type: event.type, object: event.object };
};

/** The events of one request, until the server or the network ends it. */
async function* follow(
  connection: Connection,
  kind: ServedKind,
  options: ListOptions,
  progress: Progress,
): AsyncIterable<WatchEvent> {
  const response = await openStream(
    connection,
    {
      method: 'GET',
      action: `watch ${subjectOf(kind, undefined, options.namespace)}`,
      path: collectionPath(kind, options.namespace),
      query: {
        ...selectorQuery(options),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: progress.resourceVersion,
        timeoutSeconds: String(WATCH_SECONDS),
      },
    },
    options,
  );
  progress.failingSince = undefined;
  const silence = setTimeout(() => response.destroy(), WATCH_SECONDS * 1000 + connection.limits.timeoutMs);
  try {
    for await (const line of linesOf(response)) {
      const event = readEvent(line);
      if (event === undefined) {
        progress.resourceVersion = '';
        return;
      }
      note(progress, event);
      yield event;
    }
  } finally {
    clearTimeout(silence);
    response.destroy();
  }
}

/** Whether asking again can help: the server went away or is busy, or the version asked for is too old. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof Fault) ||
  ['CLUSTER_UNREACHABLE', 'CLUSTER_TIMEOUT', 'CLUSTER_FAILED', 'EXPIRED'].includes(error.code);

/**
 * The objects of a kind as ADDED, one BOOKMARK when they are complete, then every change. Where the server ends the watch
 * it goes on from the last change, or lists again and tells the difference; throws when the server stays away for longer
 * than a call may take.
 */
export async function* watchKind(
  connection: Connection,
  kind: ServedKind,
  options: ListOptions,
): AsyncIterable<WatchEvent> {
  const progress: Progress = { known: new Map(), resourceVersion: '', failingSince: undefined };
  const { signal } = options;
  const isEnded = (): boolean => connection.limits.signal.aborted || signal?.aborted === true;
  const patienceMs = options.timeoutMs ?? connection.limits.timeoutMs;
  let isComplete = false;
  let waitMs = FIRST_WAIT_MS;
  while (!isEnded()) {
    try {
      if (progress.resourceVersion === '') {
        const { objects, resourceVersion } = await listAll(connection, kind, options);
        progress.resourceVersion = resourceVersion;
        yield* differences(progress, objects);
        if (!isComplete) yield { type: 'BOOKMARK', object: bookmark(kind, resourceVersion) };
        isComplete = true;
      }
      for await (const event of follow(connection, kind, options, progress)) {
        waitMs = FIRST_WAIT_MS;
        yield event;
      }
    } catch (error) {
      if (isEnded()) return;
      if (!isComplete || !isPassing(error)) throw error;
      if (error instanceof Fault && error.code === 'EXPIRED') progress.resourceVersion = '';
      progress.failingSince ??= performance.now();
      if (performance.now() - progress.failingSince > patienceMs)
        throw error instanceof Fault ? error : unreachableFault(`watch ${kind.resource}`, connection.client, error);
    }
    const ended = signal === undefined ? connection.limits.signal : AbortSignal.any([connection.limits.signal, signal]);
    // An abort is seen by the loop's own condition.
    await sleep(waitMs, undefined, { signal: ended }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

const bookmark = (kind: ServedKind, resourceVersion: string): KubernetesObject => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: { name: '', resourceVersion },
});

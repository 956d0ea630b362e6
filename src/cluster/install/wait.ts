import { Fault } from '../../base/fault.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { readMap } from '../../install/values/path.ts';
import type { Cluster, ContainerRef, KubernetesObject, WatchEvent } from '../cluster.ts';
import { interruptedFault } from '../errors.ts';
import { podTrouble } from './pod-trouble.ts';
import { readinessOf, takesTime } from './readiness.ts';

export interface WaitOptions {
  /** Of this wait as a whole. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told whenever the reason is another one. */
  readonly onWaiting: (object: ManifestObject, reason: string) => void;
}

/** Waits until every object works; throws a Fault `NOT_READY` with the reason of each that does not in time. */
export const waitUntilReady = async (
  cluster: Cluster,
  objects: readonly ManifestObject[],
  options: WaitOptions,
): Promise<void> => {
  const waits = objects.filter(({ kind }) => takesTime(kind)).map((object) => waitForOne(cluster, object, options));
  const late = (await Promise.all(waits)).flatMap((each) => each ?? []);
  if (options.signal.aborted) throw interruptedFault('waiting until what is installed is ready');
  if (late.length === 0) return;
  throw new Fault(`not ready after ${options.timeoutMs / 1000}s: ${late.join('; ')}`, {
    kind: 'timeout',
    code: 'NOT_READY',
    hint: 'remove the cause, or wait longer with --readiness-timeout',
  });
};

/** Undefined when the object works; `Deployment istiod: REASON` where it still does not when the time is over. */
const waitForOne = async (
  cluster: Cluster,
  object: ManifestObject,
  { timeoutMs, signal, onWaiting }: WaitOptions,
): Promise<string | undefined> => {
  const ready = new AbortController();
  const over = AbortSignal.any([ready.signal, AbortSignal.timeout(timeoutMs), signal]);
  const pods = new Map<string, KubernetesObject>();
  let current: KubernetesObject | undefined;
  let told = '';
  const judge = async (): Promise<void> => {
    const readiness = current === undefined ? { reason: 'not there yet' } : readinessOf(current);
    if (readiness === 'ready') return ready.abort();
    const trouble = podTrouble([...pods.values()]);
    const words = trouble === undefined ? '' : `; ${trouble.reason}${await lastWords(cluster, trouble.crashed, over)}`;
    const reason = `${readiness.reason}${words}`;
    if (reason === told || over.aborted) return;
    told = reason;
    onWaiting(object, reason);
  };
  const { apiVersion, kind, name, namespace } = object;
  const place = namespace === '' ? {} : { namespace };
  const objects = cluster.watch({ apiVersion, kind }, { ...place, fields: `metadata.name=${name}`, signal: over });
  await Promise.all([
    follow(objects, over, (event) => {
      current = event.type === 'DELETED' ? undefined : event.object;
      return judge();
    }),
    followPods(cluster, object, over, (event) => {
      if (event.type === 'DELETED') pods.delete(event.object.metadata.name);
      else pods.set(event.object.metadata.name, event.object);
      return current === undefined ? Promise.resolve() : judge();
    }),
  ]);
  return ready.signal.aborted ? undefined : `${kind} ${name}: ${told}`;
};

/** Goes through the events one by one until the signal aborts. */
const follow = async (
  events: AsyncIterable<WatchEvent>,
  over: AbortSignal,
  onEvent: (event: WatchEvent) => Promise<void>,
): Promise<void> => {
  try {
    for await (const event of events) {
      if (event.type !== 'BOOKMARK') await onEvent(event);
      if (over.aborted) return;
    }
  } catch (error) {
    if (!over.aborted) throw error;
  }
};

/** The pods of a workload; they only make the reason better, so that nobody needs leave to see them. */
const followPods = async (
  cluster: Cluster,
  object: ManifestObject,
  over: AbortSignal,
  onEvent: (event: WatchEvent) => Promise<void>,
): Promise<void> => {
  const selector = readMap(object.value, 'spec.selector.matchLabels');
  if (selector === undefined) return;
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${String(value)}`);
  const options = { namespace: object.namespace, labels: labels.join(), signal: over };
  try {
    await follow(cluster.watch({ apiVersion: 'v1', kind: 'Pod' }, options), over, onEvent);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
};

/** What a container said last, at the end of a sentence; nothing where there is none or it cannot be read. */
const lastWords = async (cluster: Cluster, crashed: ContainerRef | undefined, signal: AbortSignal): Promise<string> => {
  if (crashed === undefined) return '';
  try {
    const log = await cluster.logs(crashed, { tailLines: 1, isPrevious: true, signal });
    return log.trim() === '' ? '' : `; it said last: ${log.trim()}`;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return '';
  }
};

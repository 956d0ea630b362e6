import { Fault } from '../../base/fault.ts';
import type { CallLimits, Cluster, KubernetesObject, ObjectRef } from '../../cluster/cluster.ts';
import { askMonitoring, type IstiodChoice, noIstiod, runningIstiods } from '../../cluster/istiods.ts';
import { worst } from '../../envoy/sync-state.ts';
import { isObject } from '../../model/value.ts';
import type { SyncSource } from '../proxy-status/sync-source.ts';

/** Who is asked how far an object has come. */
export interface ProgressSources {
  readonly cluster: Cluster;
  readonly sync: SyncSource;
  readonly choice: IstiodChoice;
  readonly limits: CallLimits;
}

/** How far an object has come. */
export interface Progress {
  /** Its resourceVersion; absent once it is gone. */
  readonly version?: string;
  readonly istiods: number;
  readonly proxies: number;
  /** Proxies that confirmed all that was sent to them. */
  readonly synced: number;
  /** What is missing yet; absent when nothing is. */
  readonly waitingFor?: string;
}

const groupOf = (apiVersion: unknown): string => String(apiVersion).split('/', 1)[0] ?? '';

/** The resourceVersion of an object in what istiod answers to `/debug/configz`; undefined where it has no such object. */
const versionIn = (text: string, { apiVersion, kind, namespace, name }: ObjectRef): string | undefined => {
  const objects: unknown = JSON.parse(text);
  const found = (Array.isArray(objects) ? objects : []).find(
    (one) =>
      isObject(one) &&
      one['kind'] === kind &&
      groupOf(one['apiVersion']) === groupOf(apiVersion) &&
      isObject(one['metadata']) &&
      one['metadata']['name'] === name &&
      one['metadata']['namespace'] === namespace,
  );
  if (!isObject(found) || !isObject(found['metadata'])) return undefined;
  return String(found['metadata']['resourceVersion'] ?? '');
};

const heldBy = async (
  { cluster, limits }: ProgressSources,
  pod: KubernetesObject,
  object: ObjectRef,
): Promise<string | undefined> => {
  const answer = await askMonitoring(cluster, pod, '/debug/configz', limits);
  try {
    return versionIn(answer, object);
  } catch {
    throw new Fault(`what istiod "${pod.metadata.name}" answers to /debug/configz is no JSON`, {
      kind: 'failure',
      code: 'NOT_CONFIGZ',
      hint: 'see that --istio-namespace names where istiod runs',
    });
  }
};

/** Asks the API server, every istiod and through them every proxy, in this order, how far an object or its end has come. */
export const progressOf = async (
  sources: ProgressSources,
  object: ObjectRef,
  isEnd: boolean,
  threshold: number,
): Promise<Progress> => {
  const { cluster, sync, choice, limits } = sources;
  const found = await cluster.get(object, limits);
  const pods = await runningIstiods(cluster, choice, limits);
  if (pods.length === 0) throw noIstiod(choice);
  const version = found?.metadata.resourceVersion;
  const none = { ...(version !== undefined && { version }), istiods: pods.length, proxies: 0, synced: 0 };
  if (isEnd && found !== undefined) return { ...none, waitingFor: 'the API server still has it' };
  if (!isEnd && found === undefined)
    throw new Fault(`there is no ${object.kind} ${object.name} in namespace ${object.namespace}`, {
      kind: 'failure',
      code: 'NOT_FOUND',
      hint: 'apply it first, or name its namespace with -n',
    });
  for (const pod of pods) {
    if ((await heldBy(sources, pod, object)) !== version)
      return {
        ...none,
        waitingFor: `istiod ${pod.metadata.name} ${isEnd ? 'still has it' : 'has not read this version'}`,
      };
  }
  const { proxies, faults } = await sync.report();
  const [fault] = faults;
  if (fault !== undefined) return { ...none, waitingFor: fault.message };
  const behind = proxies.filter(({ types }) => ['STALE', 'ERROR'].includes(worst(types)?.state ?? ''));
  const synced = proxies.length - behind.length;
  const [first] = behind;
  const isEnough = 100 * synced >= threshold * proxies.length;
  return {
    ...none,
    proxies: proxies.length,
    synced,
    ...(first !== undefined && !isEnough && { waitingFor: `proxy ${first.name} is ${worst(first.types)?.state}` }),
  };
};

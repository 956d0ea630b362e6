import { isObject } from '../../model/value.ts';
import type { ContainerRef, KubernetesObject } from '../cluster.ts';
import { conditionsOf } from './readiness.ts';

/** Why a pod is not ready. */
export interface PodTrouble {
  /** `container discovery: ImagePullBackOff: Back-off pulling image ...` */
  readonly reason: string;
  /** A container that ran and ended: its log says more. */
  readonly crashed?: ContainerRef;
}

interface ContainerStatus {
  readonly name: string;
  readonly waiting: { readonly reason: string; readonly message: string } | undefined;
  readonly exitCode: number | undefined;
}

const field = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const statusesOf = (pod: KubernetesObject): readonly ContainerStatus[] =>
  ['initContainerStatuses', 'containerStatuses'].flatMap((key) => {
    const list = field(pod['status'], key);
    return (Array.isArray(list) ? list : []).map((each: unknown) => {
      const waiting = field(field(each, 'state'), 'waiting');
      const ended = field(
        field(field(each, 'lastState'), 'terminated') ?? field(field(each, 'state'), 'terminated'),
        'exitCode',
      );
      return {
        name: text(field(each, 'name')),
        waiting: isObject(waiting) ? { reason: text(waiting['reason']), message: text(waiting['message']) } : undefined,
        exitCode: typeof ended === 'number' ? ended : undefined,
      };
    });
  });

/** Waiting that every pod goes through. */
const USUAL = ['ContainerCreating', 'PodInitializing'];

const troubleOf = (pod: KubernetesObject): PodTrouble | undefined => {
  const stuck = statusesOf(pod).find(({ waiting }) => waiting !== undefined && !USUAL.includes(waiting.reason));
  if (stuck?.waiting !== undefined) {
    const { reason, message } = stuck.waiting;
    const words = [`container ${stuck.name}`, reason, message].filter((each) => each !== '').join(': ');
    const crashed = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, container: stuck.name };
    return stuck.exitCode === undefined ? { reason: words } : { reason: words, crashed };
  }
  const failing = conditionsOf(pod).filter(({ status, message }) => status === 'False' && message !== '');
  const unscheduled = failing.find(({ type }) => type === 'PodScheduled');
  if (unscheduled !== undefined) return { reason: `no node takes the pod: ${unscheduled.message}` };
  const unready = failing.find(({ type }) => type === 'Ready');
  return unready && { reason: unready.message };
};

/** What is wrong with the newest pod that something is wrong with; pods on their way out are left aside. */
export const podTrouble = (pods: readonly KubernetesObject[]): PodTrouble | undefined => {
  const newest = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
  for (const pod of newest) {
    const trouble = troubleOf(pod);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
};

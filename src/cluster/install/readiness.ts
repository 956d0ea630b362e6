import { isObject } from '../../model/value.ts';
import type { KubernetesObject } from '../cluster.ts';

/** Whether an object works, and in a few words why not yet. */
export type Readiness = 'ready' | { readonly reason: string };

const at = (object: unknown, ...path: readonly string[]): unknown =>
  path.reduce((value, key) => (isObject(value) ? value[key] : undefined), object);

const count = (object: KubernetesObject, ...path: readonly string[]): number => {
  const value = at(object, ...path);
  return typeof value === 'number' ? value : 0;
};

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The conditions of an object's status. */
export const conditionsOf = (object: KubernetesObject): readonly Condition[] => {
  const conditions = at(object, 'status', 'conditions');
  return (Array.isArray(conditions) ? conditions : []).map((each: unknown) => ({
    type: text(at(each, 'type')),
    status: text(at(each, 'status')),
    message: text(at(each, 'message')),
  }));
};

const isObserved = (object: KubernetesObject): boolean =>
  count(object, 'status', 'observedGeneration') >= (object.metadata.generation ?? 0);

const deployment = (object: KubernetesObject): Readiness => {
  if (!isObserved(object)) return { reason: 'not looked at by the controller yet' };
  const wanted = at(object, 'spec', 'replicas') === undefined ? 1 : count(object, 'spec', 'replicas');
  const updated = count(object, 'status', 'updatedReplicas');
  const available = count(object, 'status', 'availableReplicas');
  const old = count(object, 'status', 'replicas') - updated;
  if (updated < wanted) return { reason: `${updated} of ${wanted} new pods created` };
  if (available < wanted || available < updated) return { reason: `${available} of ${wanted} pods ready` };
  return old > 0 ? { reason: `${old} old ${old === 1 ? 'pod' : 'pods'} still there` } : 'ready';
};

const daemonSet = (object: KubernetesObject): Readiness => {
  if (!isObserved(object)) return { reason: 'not looked at by the controller yet' };
  const wanted = count(object, 'status', 'desiredNumberScheduled');
  const updated = count(object, 'status', 'updatedNumberScheduled');
  const ready = count(object, 'status', 'numberReady');
  if (wanted === 0) return { reason: 'no node to run on' };
  if (updated < wanted) return { reason: `${updated} of ${wanted} new pods created` };
  return ready < wanted ? { reason: `${ready} of ${wanted} pods ready` } : 'ready';
};

const statefulSet = (object: KubernetesObject): Readiness => {
  if (!isObserved(object)) return { reason: 'not looked at by the controller yet' };
  const wanted = at(object, 'spec', 'replicas') === undefined ? 1 : count(object, 'spec', 'replicas');
  const kept = count(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const updated = count(object, 'status', 'updatedReplicas');
  const ready = count(object, 'status', 'readyReplicas');
  if (updated < wanted - kept) return { reason: `${updated} of ${wanted - kept} new pods created` };
  return ready < wanted ? { reason: `${ready} of ${wanted} pods ready` } : 'ready';
};

/** Why a CustomResourceDefinition nobody objects to is waited for. */
export const NOT_SERVED = 'not served yet';

const definition = (object: KubernetesObject): Readiness => {
  const conditions = conditionsOf(object);
  if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return 'ready';
  const refused = conditions.find(({ type, status }) => type === 'NamesAccepted' && status === 'False');
  return { reason: refused?.message || NOT_SERVED };
};

const JUDGES: Readonly<Record<string, (object: KubernetesObject) => Readiness>> = {
  Deployment: deployment,
  DaemonSet: daemonSet,
  StatefulSet: statefulSet,
  CustomResourceDefinition: definition,
};

/** Whether objects of a kind are ready only some time after they are there. */
export const takesTime = (kind: string): boolean => Object.hasOwn(JUDGES, kind);

/** Whether an object as the API server has it works; the kinds that take no time always do. */
export const readinessOf = (object: KubernetesObject): Readiness => JUDGES[object.kind]?.(object) ?? 'ready';

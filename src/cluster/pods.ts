import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import { isObject } from '../model/value.ts';
import type { CallLimits, Cluster, Kind, KubernetesObject } from './cluster.ts';

/** What names a pod on the command line: `NAME[.NAMESPACE]` or `TYPE/NAME[.NAMESPACE]`. */
export interface PodArgument {
  /** As typed, in lower case; `pod` where none is. */
  readonly type: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** Splits as istioctl does: the namespace is what follows the last dot, and dots before a slash belong to the type. */
export const parsePodArgument = (argument: string): PodArgument => {
  const slash = argument.indexOf('/');
  const named = argument.slice(slash + 1);
  const dot = named.lastIndexOf('.');
  return {
    type: slash < 0 ? 'pod' : argument.slice(0, slash).toLowerCase(),
    name: dot < 0 ? named : named.slice(0, dot),
    namespace: dot < 0 ? undefined : named.slice(dot + 1),
  };
};

const POD: Kind = { apiVersion: 'v1', kind: 'Pod' };

/** The kinds that stand for pods, by every name kubectl knows them under. */
const OWNERS: readonly { readonly names: readonly string[]; readonly kind: Kind }[] = [
  {
    names: ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps'],
    kind: { apiVersion: 'apps/v1', kind: 'Deployment' },
  },
  {
    names: ['statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'],
    kind: { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  },
  {
    names: ['daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'],
    kind: { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  },
  {
    names: ['replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps'],
    kind: { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  },
  {
    names: ['replicationcontroller', 'replicationcontrollers', 'rc'],
    kind: { apiVersion: 'v1', kind: 'ReplicationController' },
  },
  { names: ['job', 'jobs', 'job.batch', 'jobs.batch'], kind: { apiVersion: 'batch/v1', kind: 'Job' } },
  { names: ['service', 'services', 'svc'], kind: { apiVersion: 'v1', kind: 'Service' } },
  {
    names: ['gateway', 'gateways', 'gtw', 'gateway.gateway.networking.k8s.io', 'gateways.gateway.networking.k8s.io'],
    kind: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
  },
];

const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const pairs = (labels: unknown): readonly string[] =>
  isObject(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${text(value)}`) : [];

const requirement = (expression: unknown): string => {
  const key = text(at(expression, 'key'));
  const values = list(at(expression, 'values')).map(text).join(',');
  switch (at(expression, 'operator')) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
};

/** The label selector of the pods an object stands for, in Kubernetes' syntax; empty where it selects none. */
const selectorOf = ({ kind, metadata, ...object }: KubernetesObject): string => {
  // What istiod and its kin put on the pods of a gateway they deploy.
  if (kind === 'Gateway') return `gateway.networking.k8s.io/gateway-name=${metadata.name}`;
  const selector = at(object, 'spec', 'selector');
  if (kind === 'Service' || kind === 'ReplicationController') return pairs(selector).join();
  return [...pairs(at(selector, 'matchLabels')), ...list(at(selector, 'matchExpressions')).map(requirement)].join();
};

/** Phase of a pod: `Running`, `Pending`, ... */
export const phaseOf = (pod: KubernetesObject): string => text(at(pod['status'], 'phase'));

const readyCondition = (pod: KubernetesObject): unknown =>
  list(at(pod['status'], 'conditions')).find((condition) => at(condition, 'type') === 'Ready');

/** Whether all containers of a pod are ready, as the kubelet says. */
export const isReadyPod = (pod: KubernetesObject): boolean => at(readyCondition(pod), 'status') === 'True';

/** Whether a pod has Istio's proxy: beside its containers, as one of them, or as a native sidecar before them. */
export const hasProxy = (pod: KubernetesObject): boolean =>
  [...list(at(pod, 'spec', 'containers')), ...list(at(pod, 'spec', 'initContainers'))].some(
    (container) => at(container, 'name') === 'istio-proxy',
  );

const PHASES = ['Running', 'Unknown', 'Pending'];
const phaseRank = (pod: KubernetesObject): number => {
  const rank = PHASES.indexOf(phaseOf(pod));
  return rank < 0 ? PHASES.length : rank;
};

const restarts = (pod: KubernetesObject): number =>
  Math.max(0, ...list(at(pod['status'], 'containerStatuses')).map((status) => Number(at(status, 'restartCount') ?? 0)));

const earlier = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** kubectl's order of the pods whose log is worth reading: on a node, running, ready, and for longest, come first. */
const byUse = (a: KubernetesObject, b: KubernetesObject): number =>
  Number(text(at(a, 'spec', 'nodeName')) === '') - Number(text(at(b, 'spec', 'nodeName')) === '') ||
  phaseRank(a) - phaseRank(b) ||
  Number(isReadyPod(b)) - Number(isReadyPod(a)) ||
  earlier(text(at(readyCondition(a), 'lastTransitionTime')), text(at(readyCondition(b), 'lastTransitionTime'))) ||
  restarts(b) - restarts(a) ||
  earlier(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  earlier(a.metadata.name, b.metadata.name);

const notFound = (message: string, hint: string): Fault =>
  new Fault(message, { kind: 'failure', code: 'POD_NOT_FOUND', hint });

const nearest = (name: string, names: readonly string[], namespace: string): string => {
  const near = suggest(name, names) ?? names.find((each) => each.startsWith(name));
  if (near !== undefined) return `did you mean ${near}.${namespace}?`;
  return names.length === 0
    ? `namespace ${namespace} has none; name another with -n`
    : `in namespace ${namespace} there are ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;
};

const namesOf = async (cluster: Cluster, kind: Kind, namespace: string, limits: CallLimits): Promise<string[]> =>
  ((await cluster.list(kind, { ...limits, namespace })) ?? []).map(({ metadata }) => metadata.name).sort();

const podByName = async (cluster: Cluster, name: string, namespace: string, limits: CallLimits) => {
  const pod = await cluster.get({ ...POD, namespace, name }, limits);
  if (pod !== undefined) return pod;
  const names = await namesOf(cluster, POD, namespace, limits);
  throw notFound(`there is no pod ${name} in namespace ${namespace}`, nearest(name, names, namespace));
};

const kindOf = (type: string): Kind => {
  const owner = OWNERS.find(({ names }) => names.includes(type));
  if (owner !== undefined) return owner.kind;
  const names = OWNERS.flatMap((each) => each.names[0] ?? []);
  const near = suggest(type, names);
  throw new Fault(`${type} is no type that stands for pods`, {
    kind: 'usage',
    code: 'UNKNOWN_TYPE',
    hint: near === undefined ? `give pod, ${names.join(', ')}` : `did you mean ${near}?`,
  });
};

/** Pods with these labels, the one worth asking first before the others. */
export const podsByLabels = async (
  cluster: Cluster,
  labels: string,
  namespace: string | undefined,
  limits: CallLimits = {},
): Promise<readonly KubernetesObject[]> =>
  [...((await cluster.list(POD, { ...limits, labels, ...(namespace !== undefined && { namespace }) })) ?? [])].sort(
    byUse,
  );

/**
 * The pod an argument means, in its own namespace, else the given one, else the context's: by name, or for another type the
 * first of its pods in kubectl's order. A Fault that names what is nearest where there is none.
 */
export const findPod = async (
  cluster: Cluster,
  argument: string,
  namespaceFlag: string | undefined,
  limits: CallLimits = {},
): Promise<KubernetesObject> => {
  const { type, name, namespace: own } = parsePodArgument(argument);
  const namespace = own ?? namespaceFlag ?? cluster.namespace;
  if (['pod', 'pods', 'po'].includes(type)) return podByName(cluster, name, namespace, limits);
  const kind = kindOf(type);
  const owner = await cluster.get({ ...kind, namespace, name }, limits);
  if (owner === undefined) {
    const names = await namesOf(cluster, kind, namespace, limits);
    throw notFound(`there is no ${kind.kind} ${name} in namespace ${namespace}`, nearest(name, names, namespace));
  }
  const selector = selectorOf(owner);
  const [pod] = selector === '' ? [] : await podsByLabels(cluster, selector, namespace, limits);
  if (pod !== undefined) return pod;
  throw notFound(
    `no pods match ${kind.kind} ${name} in namespace ${namespace}`,
    selector === '' ? 'it selects no pods' : `it selects pods with ${selector}`,
  );
};

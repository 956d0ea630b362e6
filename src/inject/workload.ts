import { isObject } from '../model/value.ts';
import type { Plain } from '../yaml/plain.ts';
import { type Owner, ownerOfPod } from './deploy-meta.ts';
import type { InjectablePod, PodMetadata } from './pod.ts';
import { Refusal } from './refusal.ts';

/** A kind whose objects describe pods. */
export interface WorkloadKind {
  /** Name of its Go struct among the descriptors. */
  readonly struct: string;
  /** Where the pod's metadata stands; istioctl takes that of a CronJob's job template. */
  readonly metadata: readonly string[];
  readonly spec: readonly string[];
}

const TEMPLATE = { metadata: ['spec', 'template', 'metadata'], spec: ['spec', 'template', 'spec'] };

const KINDS: ReadonlyMap<string, WorkloadKind> = new Map<string, WorkloadKind>([
  ['v1/Pod', { struct: 'core/v1.Pod', metadata: ['metadata'], spec: ['spec'] }],
  ['v1/ReplicationController', { struct: 'core/v1.ReplicationController', ...TEMPLATE }],
  ['apps/v1/Deployment', { struct: 'apps/v1.Deployment', ...TEMPLATE }],
  ['apps/v1/DaemonSet', { struct: 'apps/v1.DaemonSet', ...TEMPLATE }],
  ['apps/v1/ReplicaSet', { struct: 'apps/v1.ReplicaSet', ...TEMPLATE }],
  ['apps/v1/StatefulSet', { struct: 'apps/v1.StatefulSet', ...TEMPLATE }],
  ['batch/v1/Job', { struct: 'batch/v1.Job', ...TEMPLATE }],
  [
    'batch/v1/CronJob',
    {
      struct: 'batch/v1.CronJob',
      metadata: ['spec', 'jobTemplate', 'metadata'],
      spec: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
    },
  ],
  ['apps.openshift.io/v1/DeploymentConfig', { struct: 'openshift/apps/v1.DeploymentConfig', ...TEMPLATE }],
]);

/** The same with the labels that the pods of a CronJob have in truth. */
const CRON_JOB_PODS: WorkloadKind = {
  struct: 'batch/v1.CronJob',
  metadata: ['spec', 'jobTemplate', 'spec', 'template', 'metadata'],
  spec: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** The kind of an object as written; undefined for those that describe no pods. */
export const workloadKind = (
  { apiVersion, kind }: Plain,
  cronJobs: 'as istioctl' | 'as the cluster',
): WorkloadKind | undefined => {
  const known = KINDS.get(`${apiVersion}/${kind}`);
  return known?.struct === CRON_JOB_PODS.struct && cronJobs === 'as the cluster' ? CRON_JOB_PODS : known;
};

/** Whether an object is a v1 List, whose items may be workloads. */
export const isList = ({ apiVersion, kind }: Plain): boolean => apiVersion === 'v1' && kind === 'List';

const at = (object: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((below, key) => (isObject(below) ? below[key] : undefined), object);

/** The pod that an object of the kind, as Go writes it, describes; throws a Refusal where it has no template. */
export const podOf = (kind: WorkloadKind, object: Plain): InjectablePod => {
  const spec = at(object, kind.spec);
  if (!isObject(spec)) throw new Refusal(`${kind.spec.slice(0, -1).join('.')} is required`);
  const metadata: PodMetadata = (at(object, kind.metadata) as PodMetadata | undefined) ?? {};
  return { metadata, spec: spec as unknown as InjectablePod['spec'] };
};

const put = (object: Plain, path: readonly string[], value: unknown): Plain => {
  const [key = '', ...rest] = path;
  const below = object[key];
  return { ...object, [key]: rest.length === 0 ? value : put(isObject(below) ? below : {}, rest, value) };
};

/** The object with another pod in its place. */
export const withPod = (kind: WorkloadKind, object: Plain, pod: InjectablePod): Plain =>
  put(put(object, kind.metadata, pod.metadata), kind.spec, pod.spec);

/** What templates call the owner of the pod: the object itself, and of a bare pod what made it. */
export const ownerOf = (kind: WorkloadKind, object: Plain, pod: InjectablePod): Owner => {
  if (kind.struct === 'core/v1.Pod') return ownerOfPod(pod.metadata);
  const { name = '', namespace = '' } = (object['metadata'] ?? {}) as PodMetadata;
  return { apiVersion: String(object['apiVersion']), kind: String(object['kind']), name, namespace };
};

import type { PodMetadata } from './pod.ts';

/** Who owns a pod, as far as can be told: what templates call TypeMeta and DeploymentMeta. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

const CRON_JOB_RUN = /^(.+)-\d{8,10}$/;

/** The name without `-HASH`, when the hash is a label of the pod and the name's end. */
const withoutHash = (name: string, hash: string | undefined): string | undefined => {
  if (hash === undefined || hash === '' || !name.endsWith(hash)) return undefined;
  return name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name;
};

/** The workload behind a bare pod, guessed from the controller that generated its name and from hashes in its labels. */
export const ownerOfPod = ({ name = '', generateName = '', namespace = '', ...meta }: PodMetadata): Owner => {
  const controller = generateName === '' ? undefined : meta.ownerReferences?.find((ref) => ref.controller === true);
  if (controller === undefined) return { apiVersion: 'v1', kind: 'Pod', name, namespace };
  const owner = { apiVersion: controller.apiVersion, kind: controller.kind, name: controller.name || name, namespace };
  const labels = meta.labels ?? {};
  switch (controller.kind) {
    case 'ReplicaSet': {
      const deployment = withoutHash(controller.name, labels['pod-template-hash']);
      if (deployment !== undefined) return { ...owner, kind: 'Deployment', name: deployment };
      const rollout = withoutHash(controller.name, labels['rollouts-pod-template-hash']);
      return rollout === undefined ? owner : { ...owner, apiVersion: 'v1alpha1', kind: 'Rollout', name: rollout };
    }
    case 'ReplicationController': {
      const config = labels['deploymentconfig'] ?? '';
      return config === '' ? owner : { ...owner, kind: 'DeploymentConfig', name: config };
    }
    case 'Job': {
      const [, cronJob] = CRON_JOB_RUN.exec(controller.name) ?? [];
      return cronJob === undefined ? owner : { ...owner, apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob };
    }
    default:
      return owner;
  }
};

import type { Problem } from '../../base/problem.ts';
import type { GoStructs } from '../../model/typed/descriptor.ts';
import { strategicMerge } from '../../model/typed/strategic-merge.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { nested, overlay } from '../values/overlay.ts';
import { read } from '../values/path.ts';
import type { ComponentSpec } from './component-spec.ts';
import type { Component } from './components.ts';

/** The object a setting is about, and the strategic merge patch that its value becomes. */
interface Target {
  readonly kind: 'workload' | 'Service' | 'HorizontalPodAutoscaler' | 'PodDisruptionBudget';
  readonly patch: (value: unknown, container: string) => Plain;
}

const at = (kind: Target['kind'], path: string): Target => ({ kind, patch: (value) => nested(path.split('.'), value) });

const inContainer = (field: string): Target => ({
  kind: 'workload',
  patch: (value, name) => nested(['spec', 'template', 'spec', 'containers'], [{ name, [field]: value }]),
});

/** What `k8s` of a component may set. */
const TARGETS: Readonly<Record<string, Target>> = {
  affinity: at('workload', 'spec.template.spec.affinity'),
  env: inContainer('env'),
  hpaSpec: at('HorizontalPodAutoscaler', 'spec'),
  imagePullPolicy: inContainer('imagePullPolicy'),
  nodeSelector: at('workload', 'spec.template.spec.nodeSelector'),
  podDisruptionBudget: at('PodDisruptionBudget', 'spec'),
  podAnnotations: at('workload', 'spec.template.metadata.annotations'),
  priorityClassName: at('workload', 'spec.template.spec.priorityClassName'),
  readinessProbe: inContainer('readinessProbe'),
  replicaCount: at('workload', 'spec.replicas'),
  resources: inContainer('resources'),
  strategy: at('workload', 'spec.strategy'),
  tolerations: at('workload', 'spec.template.spec.tolerations'),
  serviceAnnotations: at('Service', 'metadata.annotations'),
  service: at('Service', 'spec'),
  securityContext: at('workload', 'spec.template.spec.securityContext'),
};

/** Go structs of the objects that settings change. */
const STRUCTS: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'apps/v1.Deployment',
  'apps/v1 DaemonSet': 'apps/v1.DaemonSet',
  'v1 Service': 'core/v1.Service',
  'autoscaling/v2 HorizontalPodAutoscaler': 'autoscaling/v2.HorizontalPodAutoscaler',
  'policy/v1 PodDisruptionBudget': 'policy/v1.PodDisruptionBudget',
};

export interface Changed {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly Problem[];
}

/** The objects of a component with its `k8s` settings merged into those they are about; `revision` is the chart's. */
export const applySettings = (
  structs: GoStructs,
  component: Component,
  spec: ComponentSpec,
  revision: string,
  objects: readonly ManifestObject[],
): Changed => {
  const { workload } = component;
  const { settings } = spec;
  if (workload === undefined || settings === undefined) return { objects, problems: [] };
  const name = objectName(component, spec, revision);
  const problems: Problem[] = [];
  const changed = objects.map((object) => {
    if (object.name !== name) return object;
    const kind = object.kind === workload.kind ? 'workload' : object.kind;
    return Object.entries(TARGETS).reduce((current, [field, target]) => {
      if (target.kind !== kind || !Object.hasOwn(settings, field)) return current;
      const value = field === 'service' && component.isList ? withoutPorts(settings[field]) : settings[field];
      const patched = patch(structs, current, target.patch(value, workload.container));
      if (typeof patched !== 'string') return patched;
      problems.push({
        severity: 'error',
        code: 'BAD_PATCH',
        message: `k8s.${field} of ${component.name} cannot be merged into ${object.kind} ${name}: ${patched}`,
      });
      return current;
    }, object);
  });
  return { objects: changed, problems };
};

/** What the main objects of a component are called. */
const objectName = ({ name: component, workload }: Component, { name }: ComponentSpec, revision: string): string => {
  const own = name === '' ? (workload?.name ?? '') : name;
  return component === 'pilot' && revision !== '' && revision !== 'default' ? `${own}-${revision}` : own;
};

/** Ports of gateways come through values, because Kubernetes would merge them by number alone. */
const withoutPorts = (service: unknown): unknown =>
  typeof service === 'object' && service !== null ? Object.assign(createPlain(), service, { ports: [] }) : service;

const patch = (structs: GoStructs, object: ManifestObject, change: Plain): ManifestObject | string => {
  const struct = STRUCTS[`${object.apiVersion} ${object.kind}`];
  if (struct === undefined) return `${object.apiVersion} is not known`;
  const merged = strategicMerge(structs, struct, object.value, change);
  if (merged.value === undefined) return merged.failure;
  return manifestObject(object.kind === 'PodDisruptionBudget' ? oneBound(merged.value) : merged.value);
};

/** A budget may not have both bounds, and charts have the one that is dropped. */
const oneBound = (budget: Plain): Plain =>
  read(budget, 'spec.maxUnavailable') === undefined || read(budget, 'spec.minAvailable') === undefined
    ? budget
    : overlay(budget, nested(['spec', 'minAvailable'], null));

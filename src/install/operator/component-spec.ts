import type { GoStructs } from '../../model/typed/descriptor.ts';
import { decodeGo } from '../../model/typed/go-decode.ts';
import { canonicalQuantity } from '../../model/typed/quantity.ts';
import { isObject } from '../../model/value.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { cloneValue } from '../values/overlay.ts';
import { parsePath, read, readMap, writePath } from '../values/path.ts';
import type { Component } from './components.ts';

/** One component to render, as the operator has it. */
export interface ComponentSpec {
  /** Of a gateway; the empty text where it has none. */
  readonly name: string;
  readonly namespace: string;
  readonly hub: string;
  readonly tag: string | number | undefined;
  readonly labels: Plain;
  /** `k8s` as written; undefined where there is none. */
  readonly settings: Plain | undefined;
}

const FALLBACK_NAMESPACE = 'istio-system';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The components of this sort that the operator enables: none, one, or one per gateway. */
export const componentSpecs = (component: Component, operator: Plain): readonly ComponentSpec[] => {
  const namespace = textOf(read(operator, 'metadata.namespace'));
  const isForced = component.isList && read(operator, `spec.values.${component.valuesRoot}.enabled`) === true;
  const given = read(operator, `spec.components.${component.name}`);
  const written = component.isList ? given : isObject(given) ? [given] : undefined;
  if (!Array.isArray(written)) return component.isDefault || isForced ? [specOf(createPlain(), namespace)] : [];
  return written
    .filter(isObject)
    .filter(({ enabled }) => enabled !== false || isForced)
    .map((each) => specOf(each, namespace));
};

const specOf = (written: Plain, namespace: string): ComponentSpec => {
  const { tag } = written;
  return {
    name: textOf(written['name']),
    namespace: textOf(written['namespace']) || namespace || FALLBACK_NAMESPACE,
    hub: textOf(written['hub']),
    tag: typeof tag === 'string' || typeof tag === 'number' ? tag : undefined,
    labels: readMap(written, 'label') ?? createPlain(),
    settings: readMap(written, 'k8s'),
  };
};

/**
 * The values that the chart of a component gets: those of all components, with the component's own settings among them where
 * charts ask for them, and without the component's root where its chart takes them flat.
 */
export const componentValues = (
  structs: GoStructs,
  component: Component,
  spec: ComponentSpec,
  operator: Plain,
): Plain => {
  const values = cloneValue(readMap(operator, 'spec.values') ?? createPlain());
  const put = (path: string, value: unknown): void => {
    writePath(values, parsePath(`${component.valuesRoot}.${path}`), value);
  };
  if (component.isList) {
    put('name', spec.name);
    put('labels', cloneValue(spec.labels));
    const ports = read(spec.settings, 'service.ports');
    if (Array.isArray(ports) && ports.length > 0) put('ports', canonical(structs, ports));
  }
  if (spec.settings !== undefined) putSettings(component, spec.settings, put);
  if (spec.hub !== '') put('hub', spec.hub);
  if (spec.tag !== undefined) put('tag', spec.tag);
  return component.isFlat ? flattened(values, component.valuesRoot) : values;
};

/** Ports as Kubernetes writes them again. */
const canonical = (structs: GoStructs, ports: readonly unknown[]): unknown =>
  decodeGo(structs, 'core/v1.ServiceSpec', { ports }, 'json').value['ports'];

const putSettings = (component: Component, settings: Plain, put: (path: string, value: unknown) => void): void => {
  if (component.workload?.kind === 'Deployment') {
    const { minReplicas, maxReplicas } = readMap(settings, 'hpaSpec') ?? {};
    if (typeof minReplicas === 'number') put('autoscaleMin', minReplicas);
    if (typeof maxReplicas === 'number' && maxReplicas > 0) put('autoscaleMax', maxReplicas);
    const { replicaCount } = settings;
    if (typeof replicaCount === 'number' && replicaCount > 0) put('replicaCount', replicaCount);
  }
  for (const sort of ['limits', 'requests']) {
    const cpu = read(settings, `resources.${sort}.cpu`);
    if (isAmount(cpu)) put(`resources.${sort}.cpu`, canonicalQuantity(String(cpu)) ?? String(cpu));
  }
};

const isAmount = (cpu: unknown): boolean =>
  (typeof cpu === 'string' || typeof cpu === 'number') && Number.parseFloat(String(cpu)) !== 0;

const flattened = (values: Plain, root: string): Plain => {
  const own = readMap(values, root);
  if (own === undefined) return values;
  const scalars = Object.entries(values).filter(([key, value]) => key === 'global' || !isObject(value));
  return Object.assign(createPlain(), Object.fromEntries(scalars), own);
};

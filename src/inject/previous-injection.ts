import type { Container } from '../model/schema/generated/types-kubernetes.ts';
import type { GoStructs } from '../model/typed/descriptor.ts';
import { decodeGo } from '../model/typed/go-decode.ts';
import { isObject } from '../model/value.ts';
import { containersOf, findContainer, initContainersOf, withContainers } from './containers.ts';
import { describeMisfit, type InjectablePod, withAnnotations } from './pod.ts';
import { clearPrometheus, prometheusPort } from './prometheus.ts';
import { Refusal } from './refusal.ts';

export const STATUS = 'sidecar.istio.io/status';
export const OVERRIDES = 'proxy.istio.io/overrides';

/** Names of what an injection added. */
export interface PreviousInjection {
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
  readonly volumes: readonly string[];
  readonly imagePullSecrets: readonly string[];
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const namesIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];

/** What annotation `sidecar.istio.io/status` says was added; undefined without one, or when it is no JSON mapping. */
export const previousInjection = (pod: InjectablePod): PreviousInjection | undefined => {
  const text = pod.metadata.annotations?.[STATUS];
  if (text === undefined) return undefined;
  const json = parseJson(text);
  if (!isObject(json)) return undefined;
  return {
    containers: namesIn(json['containers']),
    initContainers: namesIn(json['initContainers']),
    volumes: namesIn(json['volumes']),
    imagePullSecrets: namesIn(json['imagePullSecrets']),
  };
};

/** The pod as it was before an earlier injection, as far as templates look at it. */
export const stripInjection = (pod: InjectablePod, statusPort: string): InjectablePod => {
  const previous = previousInjection(pod);
  if (previous === undefined) return pod;
  const stripped = withContainers(
    pod,
    containersOf(pod).filter(({ name }) => !previous.containers.includes(name)),
    initContainersOf(pod).filter(({ name }) => !previous.initContainers.includes(name)),
  );
  const annotations = pod.metadata.annotations ?? {};
  const { [STATUS]: _status, ...rest } =
    prometheusPort(annotations) === statusPort ? clearPrometheus(annotations) : annotations;
  return withAnnotations(stripped, rest);
};

/** Containers of the user's that a template changes too, as they were before. */
export interface Overrides {
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
}

/** What annotation `proxy.istio.io/overrides` keeps; throws a Refusal when it cannot be read. */
export const keptOverrides = (structs: GoStructs, pod: InjectablePod): Overrides => {
  const text = pod.metadata.annotations?.[OVERRIDES];
  if (text === undefined) return { containers: [], initContainers: [] };
  const json = parseJson(text);
  if (!isObject(json)) throw new Refusal(`annotation ${OVERRIDES} must be a mapping in JSON`);
  const { value, misfits } = decodeGo(structs, 'core/v1.PodSpec', json, 'json');
  if (misfits[0] !== undefined) throw new Refusal(`annotation ${OVERRIDES}: ${describeMisfit(misfits[0])}`);
  const { containers, initContainers } = value as unknown as InjectablePod['spec'];
  return { containers: containers ?? [], initContainers: initContainers ?? [] };
};

/** The pod with the user's containers that stripping took away with the injected ones. */
export const reinsertOverrides = (pod: InjectablePod, overrides: Overrides): InjectablePod => {
  const added = (present: readonly Container[], kept: readonly Container[]): readonly Container[] => [
    ...present,
    ...kept.filter(({ name }) => findContainer(present, name) === undefined),
  ];
  return withContainers(
    pod,
    added(containersOf(pod), overrides.containers),
    added(initContainersOf(pod), overrides.initContainers),
  );
};

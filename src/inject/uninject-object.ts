import type { Container } from '../model/schema/generated/types-kubernetes.ts';
import type { GoStructs } from '../model/typed/descriptor.ts';
import { decodeGo } from '../model/typed/go-decode.ts';
import { isObject } from '../model/value.ts';
import type { Plain } from '../yaml/plain.ts';
import { containersOf, findContainer, findInPod, initContainersOf, PROXY, withContainers } from './containers.ts';
import { type InjectablePod, withAnnotations } from './pod.ts';
import { keptOverrides, OVERRIDES, type PreviousInjection, previousInjection, STATUS } from './previous-injection.ts';
import { clearPrometheus } from './prometheus.ts';
import { Refusal } from './refusal.ts';
import { readProbers, restoreProbes } from './restore-probes.ts';
import { isList, podOf, withPod, workloadKind } from './workload.ts';

type Texts = Readonly<Record<string, string>>;

/** Annotations that templates add, with what they hold where the user had not set them. */
const ADDED_ANNOTATIONS: readonly string[] = [
  STATUS,
  OVERRIDES,
  'istio.io/rev',
  'kubectl.kubernetes.io/default-container',
  'kubectl.kubernetes.io/default-logs-container',
  'prometheus.istio.io/secure-port',
];

const ADDED_LABELS: readonly string[] = [
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
  'topology.istio.io/network',
];

/** An object without what injection added, as Go writes it; undefined where nothing of it was injected. */
export const uninjectObject = (structs: GoStructs, given: unknown): Plain | undefined => {
  try {
    return uninject(structs, given);
  } catch (error) {
    // What cannot be read was not written by an injection.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

const uninject = (structs: GoStructs, given: unknown): Plain | undefined => {
  if (!isObject(given)) return undefined;
  if (isList(given)) {
    const { items } = given;
    if (!Array.isArray(items)) return undefined;
    const restored = items.map((item) => uninject(structs, item));
    return restored.every((item) => item === undefined)
      ? undefined
      : { ...given, items: items.map((item, index) => restored[index] ?? item) };
  }
  for (const cronJobs of ['as the cluster', 'as istioctl'] as const) {
    const kind = workloadKind(given, cronJobs);
    if (kind === undefined) return undefined;
    const object = decodeGo(structs, kind.struct, given, 'yaml').value;
    const pod = podOf(kind, object);
    const previous = previousInjection(pod);
    if (previous !== undefined) return withPod(kind, object, restorePod(structs, pod, previous));
  }
  return undefined;
};

const restorePod = (structs: GoStructs, pod: InjectablePod, previous: PreviousInjection): InjectablePod => {
  const overrides = keptOverrides(structs, pod);
  const proxyEnv = new Map(findInPod(pod, PROXY)?.env?.map(({ name, value }) => [name, value]));
  const probers = readProbers(proxyEnv.get('ISTIO_KUBE_APP_PROBERS'));
  const restore = (present: readonly Container[], added: readonly string[], users: readonly Container[]) => [
    ...present.filter(({ name }) => !added.includes(name)).map((container) => restoreProbes(container, probers)),
    ...users.filter(({ name }) => added.includes(name) || findContainer(present, name) === undefined),
  ];
  const bare = withContainers(
    pod,
    restore(containersOf(pod), previous.containers, overrides.containers),
    restore(initContainersOf(pod), previous.initContainers, overrides.initContainers),
  );
  const annotations = restoreAnnotations(pod.metadata.annotations ?? {}, proxyEnv.get('ISTIO_PROMETHEUS_ANNOTATIONS'));
  return withLabels(withAnnotations(withoutAdded(bare, previous), annotations), pod.metadata.labels ?? {});
};

const withoutAdded = (pod: InjectablePod, previous: PreviousInjection): InjectablePod => {
  const { volumes, imagePullSecrets, ...spec } = pod.spec;
  const keptVolumes = volumes?.filter(({ name }) => !previous.volumes.includes(name)) ?? [];
  const keptSecrets = imagePullSecrets?.filter(({ name = '' }) => !previous.imagePullSecrets.includes(name)) ?? [];
  return {
    ...pod,
    spec: {
      ...spec,
      ...(keptVolumes.length > 0 && { volumes: keptVolumes }),
      ...(keptSecrets.length > 0 && { imagePullSecrets: keptSecrets }),
    },
  };
};

const without = (texts: Texts, names: readonly string[]): Texts =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => !names.includes(name)));

/** What Prometheus was told before its port became the agent's, out of the agent's environment. */
const restoreAnnotations = (annotations: Texts, kept: string | undefined): Texts => {
  const rest = without(annotations, ADDED_ANNOTATIONS);
  if (rest['prometheus.io/path'] !== '/stats/prometheus') return rest;
  const { scrape, path, port, targets } = readProbers(kept);
  const texts = Array.isArray(targets)
    ? { 'prometheus.istio.io/scrape-targets': targets.map((one) => `${one.port}:${one.path}`).join(',') }
    : { 'prometheus.io/path': path, 'prometheus.io/port': port };
  const told = Object.entries({ ...texts, 'prometheus.io/scrape': scrape }).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [[name, value]] : [],
  );
  return { ...clearPrometheus(rest), ...Object.fromEntries(told) };
};

const withLabels = (pod: InjectablePod, labels: Texts): InjectablePod => {
  const { labels: _old, ...metadata } = pod.metadata;
  const kept = without(labels, ADDED_LABELS);
  return { ...pod, metadata: Object.keys(kept).length === 0 ? metadata : { ...metadata, labels: kept } };
};

import type { Container } from '../model/schema/generated/types-kubernetes.ts';
import type { InjectablePod } from './pod.ts';

export const PROXY = 'istio-proxy';
export const INIT = 'istio-init';
export const VALIDATION = 'istio-validation';
export const CORE_DUMP = 'enable-core-dump';

type Containers = readonly Container[];

export const containersOf = (pod: InjectablePod): Containers => pod.spec.containers ?? [];
export const initContainersOf = (pod: InjectablePod): Containers => pod.spec.initContainers ?? [];

export const findContainer = (containers: Containers, name: string): Container | undefined =>
  containers.find((container) => container.name === name);

/** The first container of that name, regular ones before init containers. */
export const findInPod = (pod: InjectablePod, name: string): Container | undefined =>
  findContainer(containersOf(pod), name) ?? findContainer(initContainersOf(pod), name);

/** The pod with other containers of both kinds; no init containers leave the field out. */
export const withContainers = (
  pod: InjectablePod,
  containers: Containers,
  initContainers: Containers,
): InjectablePod => {
  const { initContainers: _old, ...spec } = pod.spec;
  const inits = initContainers.length === 0 ? {} : { initContainers };
  return { ...pod, spec: { ...spec, containers, ...inits } };
};

/** The pod with every container changed. */
export const mapContainers = (pod: InjectablePod, change: (container: Container) => Container): InjectablePod =>
  withContainers(pod, containersOf(pod).map(change), initContainersOf(pod).map(change));

/** The pod with the container that `findInPod` finds changed; the pod itself where there is none. */
export const changeContainer = (
  pod: InjectablePod,
  name: string,
  change: (container: Container) => Container,
): InjectablePod => {
  const found = findInPod(pod, name);
  return found === undefined ? pod : mapContainers(pod, (each) => (each === found ? change(each) : each));
};

const without = (containers: Containers, name: string): Containers =>
  containers.filter((container) => container.name !== name);

/** The containers with the last one of that name at the front. */
export const moveFirst = (containers: Containers, name: string): Containers => {
  const moved = containers.findLast((container) => container.name === name);
  return moved === undefined ? containers : [moved, ...without(containers, name)];
};

/** The containers with the last one of that name at the end. */
export const moveLast = (containers: Containers, name: string): Containers => {
  const moved = containers.findLast((container) => container.name === name);
  return moved === undefined ? containers : [...without(containers, name), moved];
};

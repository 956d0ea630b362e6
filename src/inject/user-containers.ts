import type { Container } from '../model/schema/generated/types-kubernetes.ts';
import { printGoJson } from '../model/typed/go-json.ts';
import { strategicMerge } from '../model/typed/strategic-merge.ts';
import type { Plain } from '../yaml/plain.ts';
import { containersOf, findContainer, findInPod, initContainersOf } from './containers.ts';
import type { Installation } from './installation.ts';
import { decodePod, type InjectablePod, POD, withAnnotations } from './pod.ts';
import { keptOverrides, OVERRIDES, previousInjection, STATUS } from './previous-injection.ts';
import { Refusal } from './refusal.ts';

/** The image of a container that wants the injected one: Kubernetes asks for one in any case. */
const AUTO = 'auto';

const withoutAuto = (container: Container): Container => {
  const { image, ...rest } = container;
  return image === AUTO ? rest : container;
};

/** Lays a patch in JSON over a pod; throws a Refusal where it does not fit. */
const overlayPod = ({ descriptors, decodedItems }: Installation, pod: InjectablePod, patch: object): InjectablePod => {
  const { structs } = descriptors;
  const merged = strategicMerge(structs, POD, pod as unknown as Plain, patch as Plain);
  if (merged.failure !== undefined) throw new Refusal(merged.failure);
  return decodePod(structs, merged.value, decodedItems);
};

/**
 * Where template and user describe the same container, lays the user's over the merged one, and keeps the user's in an
 * annotation for the next injection. Containers of an earlier injection are not the user's.
 */
export const reapplyUserContainers = (
  installation: Installation,
  merged: InjectablePod,
  original: InjectablePod,
  template: InjectablePod,
): InjectablePod => {
  const kept = keptOverrides(installation.descriptors.structs, original);
  const previous = previousInjection(original);
  const ofUser = (
    described: readonly Container[],
    injected: readonly string[] | undefined,
    find: (name: string) => Container | undefined,
  ): readonly Container[] =>
    described
      .filter(({ name }) => injected?.includes(name) !== true)
      .flatMap(({ name }) => find(name) ?? [])
      .map(withoutAuto);
  const containers = ofUser(
    containersOf(template),
    previous?.containers,
    (name) => findContainer(kept.containers, name) ?? findContainer(containersOf(original), name),
  );
  const initContainers = ofUser(
    initContainersOf(template),
    previous?.initContainers,
    (name) => findContainer(kept.initContainers, name) ?? findInPod(original, name),
  );
  let pod = merged;
  for (const container of containers) pod = overlayPod(installation, pod, { spec: { containers: [container] } });
  for (const container of initContainers) {
    pod = overlayPod(installation, pod, { spec: { containers: [], initContainers: [container] } });
  }
  const isFirst = original.metadata.annotations?.[STATUS] === undefined;
  if (!isFirst || containers.length + initContainers.length === 0) return pod;
  const overrides = {
    ...(containers.length > 0 && { containers }),
    ...(initContainers.length > 0 && { initContainers }),
  };
  return withAnnotations(pod, { ...pod.metadata.annotations, [OVERRIDES]: printGoJson(overrides) });
};

import {
  CORE_DUMP,
  containersOf,
  findContainer,
  INIT,
  initContainersOf,
  moveFirst,
  moveLast,
  PROXY,
  VALIDATION,
  withContainers,
} from './containers.ts';
import type { InjectablePod } from './pod.ts';

/**
 * Puts containers in the order in which they must start: the proxy last, as `kubectl exec` enters the first one, unless
 * applications wait for it; a native sidecar after the capture of traffic and before other init containers; otherwise
 * the capture last, so that init containers still have the network.
 */
export const orderContainers = (pod: InjectablePod, holdsApplication: boolean): InjectablePod => {
  const containers = (holdsApplication ? moveFirst : moveLast)(containersOf(pod), PROXY);
  let inits = initContainersOf(pod);
  if (findContainer(inits, PROXY) !== undefined) {
    for (const name of [CORE_DUMP, PROXY, VALIDATION, INIT]) inits = moveFirst(inits, name);
  } else {
    inits = moveLast(moveLast(moveFirst(inits, VALIDATION), INIT), CORE_DUMP);
  }
  return withContainers(pod, containers, inits);
};

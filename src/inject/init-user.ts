import type { Container } from '../model/schema/generated/types-kubernetes.ts';
import { changeContainer, findContainer, findInPod, INIT, initContainersOf, PROXY, VALIDATION } from './containers.ts';
import { digText } from './image.ts';
import type { InjectablePod } from './pod.ts';

const isTransparent = (pod: InjectablePod, proxyConfig: unknown): boolean =>
  digText(proxyConfig, 'interceptionMode') === 'TPROXY' ||
  pod.metadata.annotations?.['sidecar.istio.io/interceptionMode'] === 'TPROXY';

/** The arguments with another user behind `-u`, whose traffic is not captured. */
const exemptUser = (container: Container, user: number | undefined): Container => {
  const at = container.args?.indexOf('-u') ?? -1;
  if (user === undefined || user === 0 || at < 0 || container.args === undefined) return container;
  return { ...container, args: container.args.map((arg, index) => (index === at + 1 ? String(user) : arg)) };
};

/**
 * Where the user has given the proxy another user or group, lets the init container know: it exempts that user's traffic,
 * and validates as that user. With TPROXY the proxy stays root, as only root may do that.
 */
export const adjustInitUser = (pod: InjectablePod, original: InjectablePod, proxyConfig: unknown): InjectablePod => {
  const { runAsUser, runAsGroup } = findInPod(original, PROXY)?.securityContext ?? {};
  if (runAsUser === undefined && runAsGroup === undefined) return pod;
  const inits = initContainersOf(pod);
  const init = findContainer(inits, INIT) ?? findContainer(inits, VALIDATION);
  if (init === undefined) return pod;
  const transparent = isTransparent(pod, proxyConfig);
  const asRoot =
    transparent && runAsUser !== undefined
      ? changeContainer(pod, PROXY, (proxy) => ({
          ...proxy,
          securityContext: { ...proxy.securityContext, runAsUser: 0 },
        }))
      : pod;
  const user = {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
  };
  return changeContainer(asRoot, init.name, (container) =>
    exemptUser(
      transparent || container.name !== VALIDATION
        ? container
        : { ...container, securityContext: { ...container.securityContext, ...user } },
      runAsUser,
    ),
  );
};

import type { Mesh } from '../../model/mesh.ts';
import type { Resource } from '../../model/resource.ts';
import type { ProxyConfig } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import { readProxyConfig } from './proxy-config.ts';

type Labels = Readonly<Record<string, string>>;

interface Candidate {
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** From the widest to the narrowest: the whole mesh, a namespace, selected workloads. */
const scopeOf = ({ namespace, object }: Resource<ProxyConfig>, rootNamespace: string): number =>
  namespace === rootNamespace ? 0 : object.spec?.selector === undefined ? 1 : 2;

/**
 * Answers the image type of a pod's proxy (`distroless`, `debug`), empty for the default one. The narrowest word counts:
 * the pod's annotation, a ProxyConfig that selects it, its namespace's, the root namespace's, the mesh configuration.
 */
export const createImageTypes = (mesh: Mesh): ((candidate: Candidate) => string) => {
  const { rootNamespace, defaultConfig } = mesh.config;
  const configs = mesh
    .of('ProxyConfig')
    .map((resource) => ({ resource, scope: scopeOf(resource, rootNamespace) }))
    .sort((a, b) => b.scope - a.scope);
  return ({ namespace, labels, annotations }) => {
    const own = readProxyConfig(annotations['proxy.istio.io/config'] ?? '').config?.image?.imageType ?? '';
    const inherited = configs
      .filter(
        ({ resource, scope }) =>
          scope === 0 ||
          (resource.namespace === namespace &&
            matchesLabels(resource.object.spec?.selector?.matchLabels ?? {}, labels)),
      )
      .map(({ resource }) => resource.object.spec?.image?.imageType ?? '');
    const type = [own, ...inherited, defaultConfig.image?.imageType ?? ''].find((word) => word !== '') ?? '';
    return type === 'default' ? '' : type;
  };
};

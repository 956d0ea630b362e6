import { at, fieldOf, isObject, textAt } from './json.ts';

/** The second is of heddle's own proxies: istiod names the VirtualService that it makes of a route. */
const GROUPS = ['networking.istio.io', 'gateway.networking.k8s.io'];

/**
 * The Istio resource an Envoy object was made from, as `name.namespace`; `<unknown>` where it is of another API group,
 * and empty where istiod noted none.
 */
export const managedBy = (resource: unknown): string => {
  const istio = at(resource, 'metadata', 'filter_metadata', 'istio');
  if (!isObject(istio) || fieldOf(istio, 'config') === undefined) return '';
  const path = textAt(istio, 'config');
  if (!GROUPS.some((group) => path.startsWith(`/apis/${group}/`))) return '<unknown>';
  const parts = path.split('/');
  return parts.length === 8 ? `${parts[7]}.${parts[5]}` : '';
};

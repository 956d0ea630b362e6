import { formatSpan } from '../../base/span.ts';
import type { Origin } from '../tables.ts';

/** Groups of the kinds that istiod names in the metadata of what it makes of them. */
const GROUPS: Readonly<Record<string, string>> = {
  VirtualService: 'networking.istio.io',
  DestinationRule: 'networking.istio.io',
  HTTPRoute: 'gateway.networking.k8s.io',
  GRPCRoute: 'gateway.networking.k8s.io',
  TCPRoute: 'gateway.networking.k8s.io',
  TLSRoute: 'gateway.networking.k8s.io',
};

/** `VirtualService` as it is in a path: `virtual-service`. */
const kebab = (kind: string): string =>
  kind
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();

const configPath = (resource: string): string | undefined => {
  const [kind = '', id = ''] = resource.split(' ');
  const [namespace = '', name = ''] = id.split('/');
  const group = GROUPS[kind];
  return group && `/apis/${group}/v1/namespaces/${namespace}/${kebab(kind)}/${name}`;
};

/**
 * The field `metadata` of a route or cluster: under `istio` what istiod notes there, under `heddle` the object and place
 * in the input. No field without anything to note.
 */
export const metadataOf = (origin: Origin | undefined, notes: object = {}): { readonly metadata?: object } => {
  const config = origin === undefined ? undefined : configPath(origin.resource);
  const istio = { ...(config === undefined ? {} : { config }), ...notes };
  const heddle = origin && { resource: origin.resource, source: formatSpan(origin.span) };
  const filters = {
    ...(Object.keys(istio).length === 0 ? {} : { istio }),
    ...(heddle === undefined ? {} : { heddle }),
  };
  return Object.keys(filters).length === 0 ? {} : { metadata: { filter_metadata: filters } };
};

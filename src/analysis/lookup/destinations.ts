import type { Resource } from '../../model/resource.ts';
import type { Destination, VirtualService } from '../../model/schema/generated/types-istio.ts';

/** Where a rule sends traffic, or a copy of it. */
export interface RuleDestination {
  readonly destination: Destination;
  readonly kind: 'http' | 'tcp' | 'tls' | 'mirror' | 'mirrors';
}

/** Every destination of a VirtualService: of routes first, then of mirrors, each in document order. */
export const destinationsOf = (resource: Resource<VirtualService>): readonly RuleDestination[] => {
  const { http = [], tcp = [], tls = [] } = resource.object.spec ?? {};
  const found: RuleDestination[] = [];
  for (const { route = [] } of tcp) for (const { destination } of route) found.push({ destination, kind: 'tcp' });
  for (const { route = [] } of tls) for (const { destination } of route) found.push({ destination, kind: 'tls' });
  for (const { route = [] } of http) for (const { destination } of route) found.push({ destination, kind: 'http' });
  for (const { mirror, mirrors = [] } of http) {
    if (mirror !== undefined) found.push({ destination: mirror, kind: 'mirror' });
    for (const { destination } of mirrors) found.push({ destination, kind: 'mirrors' });
  }
  return found;
};

/** A destination as a person would say it: `host` or `mirror host`. */
export const roleOf = ({ kind }: RuleDestination): string => (kind.startsWith('mirror') ? 'mirror host' : 'host');

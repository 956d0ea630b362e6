import { resolveShortName } from '../../../model/names.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { VirtualService } from '../../../model/schema/generated/types-istio.ts';
import { intersectHosts } from '../../../traffic/compile/names.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { EVERYWHERE, exportScopes } from '../../lookup/scopes.ts';

type Claims = Map<string, Set<Resource<VirtualService>>>;

const isForSidecars = ({ object }: Resource<VirtualService>): boolean => {
  const { gateways = [] } = object.spec ?? {};
  return gateways.length === 0 || gateways.includes('mesh');
};

/** Who claims which full host, by the namespaces that see the claim. */
const indexClaims = (virtualServices: readonly Resource<VirtualService>[]): ReadonlyMap<string, Claims> => {
  const byScope = new Map<string, Claims>();
  for (const virtualService of virtualServices) {
    const { hosts = [], exportTo } = virtualService.object.spec ?? {};
    for (const scope of exportScopes(exportTo, virtualService.namespace)) {
      const claims: Claims = byScope.get(scope) ?? new Map();
      byScope.set(scope, claims);
      for (const host of hosts) {
        const name = resolveShortName(host, virtualService.namespace);
        const claimants = claims.get(name);
        if (claimants === undefined) claims.set(name, new Set([virtualService]));
        else claimants.add(virtualService);
      }
    }
  }
  return byScope;
};

/** The claims every namespace sees that overlap with a host; only wildcards can beside the very same name. */
const publicClaimsOn = (host: string, everywhere: Claims): readonly Resource<VirtualService>[] =>
  [...everywhere]
    .filter(([claimed]) => intersectHosts(claimed, host) !== undefined)
    .flatMap(([, claimants]) => [...claimants]);

/** Istio's `virtualservice.ConflictingMeshGatewayHostsAnalyzer`; each VirtualService is told of one of its hosts. */
export const conflictingHosts = defineCheck({
  name: 'virtualservice.ConflictingMeshGatewayHostsAnalyzer',
  summary: 'VirtualServices for sidecars that define the same host where one namespace sees both.',
  emits: ['IST0109'],
  *run({ mesh }) {
    const byScope = indexClaims(mesh.of('VirtualService').filter(isForSidecars));
    const everywhere: Claims = byScope.get(EVERYWHERE) ?? new Map();
    const told = new Set<Resource>();
    for (const [scope, claims] of byScope) {
      for (const [host, claimants] of claims) {
        const others = scope === EVERYWHERE ? [] : publicClaimsOn(host, everywhere);
        const involved = [...new Set([...claimants, ...others])].sort((a, b) => a.order - b.order);
        if (involved.length < 2) continue;
        const virtualServices = nameList(involved.map(({ namespace, name }) => `${namespace}/${name}`));
        for (const resource of involved) {
          if (told.has(resource)) continue;
          told.add(resource);
          yield finding(
            'IST0109',
            resource,
            { virtualServices, host },
            {
              in: resource.object.metadata,
              key: 'name',
              labels: involved
                .filter((other) => other !== resource)
                .slice(0, SHOWN_NAMES)
                .map((other) => ({
                  span: spanOf(other.object.metadata, 'name') ?? other.span,
                  text: resourceId(other),
                })),
              hint: 'merge their rules into one VirtualService, or give them exportTo lists that do not meet',
            },
          );
        }
      }
    }
  },
});

import { suggest } from '../../../base/distance.ts';
import type { Mesh } from '../../../model/mesh.ts';
import { CLUSTER_DOMAIN, resolveShortName } from '../../../model/names.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { DestinationRule } from '../../../model/schema/generated/types-istio.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { destinationsOf } from '../../lookup/destinations.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { nameList } from '../../lookup/name-list.ts';
import { offerFix } from '../../offer-fix.ts';

interface KnownSubsets {
  readonly names: Set<string>;
  /** The oldest DestinationRule of the host. */
  readonly rule: Resource<DestinationRule>;
}

/** What a host is compared by: Services by their full name, other hosts only within one namespace, as Istio does. */
const keyOf = (host: string, namespace: string): string => {
  const name = resolveShortName(host, namespace);
  return name.endsWith(`.svc.${CLUSTER_DOMAIN}`) ? name : `${namespace}/${name}`;
};

const indexSubsets = (mesh: Mesh): ReadonlyMap<string, KnownSubsets> => {
  const byHost = new Map<string, KnownSubsets>();
  for (const rule of mesh.of('DestinationRule')) {
    const { host = '', subsets = [] } = rule.object.spec ?? {};
    const key = keyOf(host, rule.namespace);
    const known = byHost.get(key) ?? { names: new Set(), rule };
    byHost.set(key, known);
    for (const { name } of subsets) known.names.add(name);
  }
  return byHost;
};

const adviceFor = (host: string, known: KnownSubsets | undefined, near: string | undefined): string => {
  if (known === undefined) return `define the subset in a DestinationRule for ${host}`;
  if (near !== undefined) return `did you mean "${near}"?`;
  const defined = known.names.size === 0 ? 'which has none' : `which has ${nameList([...known.names])}`;
  return `add it to the subsets of ${resourceId(known.rule)}, ${defined}`;
};

/** Istio's `virtualservice.DestinationRuleAnalyzer`. */
export const destinationSubsets = defineCheck({
  name: 'virtualservice.DestinationRuleAnalyzer',
  summary: 'Destinations of VirtualServices with a subset that no DestinationRule defines.',
  emits: ['IST0101'],
  *run({ mesh }) {
    const subsets = indexSubsets(mesh);
    for (const virtualService of mesh.of('VirtualService')) {
      for (const { destination, kind } of destinationsOf(virtualService)) {
        const { host, subset = '' } = destination;
        const known = subsets.get(keyOf(host, virtualService.namespace));
        if (subset === '' || known?.names.has(subset) === true) continue;
        const near = suggest(subset, known?.names ?? []);
        const isMirror = kind.startsWith('mirror');
        const values = { kind: isMirror ? 'subset of mirror host' : 'subset of host', name: `${host}+${subset}` };
        yield finding('IST0101', virtualService, values, {
          in: destination,
          key: 'host',
          labels:
            known === undefined
              ? []
              : [{ span: spanOf(known.rule.object.metadata, 'name') ?? known.rule.span, text: 'the DestinationRule' }],
          effect: isMirror
            ? 'the copies of the requests are lost'
            : 'requests that this rule sends there get 503, connections are closed',
          hint: adviceFor(host, known, near),
          ...(near !== undefined &&
            isMistyped(subset, near) &&
            offerFix(`write "${near}"`, 'unsafe', [setText(destination, 'subset', near)])),
        });
      }
    }
  },
});

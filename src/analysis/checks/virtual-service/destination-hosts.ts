import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Destination, VirtualService } from '../../../model/schema/generated/types-istio.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding, SecondaryLabel } from '../../finding.ts';
import { destinationsOf, type RuleDestination, roleOf } from '../../lookup/destinations.ts';
import { type HostIndex, indexHosts, type KnownHost } from '../../lookup/hosts.ts';
import { nameList } from '../../lookup/name-list.ts';
import { offerFix } from '../../offer-fix.ts';

/** A VirtualService and the destination with a subset that it gives one of its own hosts. */
interface SubsetRule {
  readonly virtualService: Resource<VirtualService>;
  readonly destination: Destination;
}

const definitionsOf = ({ services, serviceEntries }: KnownHost): readonly SecondaryLabel[] =>
  [...services, ...serviceEntries].slice(0, 1).map((resource) => ({
    span: resource.span,
    text: `defined by ${resourceId(resource)}`,
  }));

const checkPort = (virtualService: Resource, { destination }: RuleDestination, known: KnownHost): Finding[] => {
  const { host, port } = destination;
  const place = { in: destination, key: 'host', labels: definitionsOf(known) };
  const ports = nameList(known.ports.map(String));
  if (port === undefined) {
    if (known.ports.length < 2) return [];
    const hint = 'add port.number with one of these ports';
    return [finding('IST0112', virtualService, { host, ports }, { ...place, hint })];
  }
  const number = port.number ?? 0;
  if (known.ports.includes(number)) return [];
  const values = { kind: 'port of host', name: `${host}:${number}` };
  const effect = 'requests that this rule sends there get 503, connections are closed';
  const hint = known.ports.length === 0 ? 'give the host ports' : `the host has ${ports}`;
  return [finding('IST0101', virtualService, values, { ...place, effect, hint })];
};

const checkDestination = (
  virtualService: Resource<VirtualService>,
  target: RuleDestination,
  hosts: HostIndex,
): Finding[] => {
  const { destination, kind } = target;
  const { namespace } = virtualService;
  const known = hosts.find(destination.host, namespace, virtualService.object.spec?.exportTo);
  if (known !== undefined) return checkPort(virtualService, target, known);
  const hint = hosts.hintFor(destination.host, namespace);
  const values = { kind: roleOf(target), name: destination.host };
  const effect = kind.startsWith('mirror')
    ? 'the copies of the requests are lost'
    : 'requests that this rule sends there get 503, connections are closed';
  const near = hosts.correctionOf(destination.host, namespace);
  const place = {
    in: destination,
    key: 'host',
    effect,
    ...(hint !== undefined && { hint }),
    ...(near !== undefined && offerFix(`write "${near}"`, 'unsafe', [setText(destination, 'host', near)])),
  };
  return [finding('IST0101', virtualService, values, place)];
};

const routed = (resource: Resource<VirtualService>): readonly Destination[] =>
  destinationsOf(resource).flatMap(({ kind, destination }) => (kind === 'http' ? [destination] : []));

/** Rules that choose a subset of one of the VirtualService's own hosts, by the host as written. */
const indexSubsetRules = (virtualServices: readonly Resource<VirtualService>[]): Map<string, SubsetRule[]> => {
  const byHost = new Map<string, SubsetRule[]>();
  for (const virtualService of virtualServices) {
    const { hosts = [] } = virtualService.object.spec ?? {};
    const seen = new Set<string>();
    for (const destination of routed(virtualService)) {
      const { host, subset = '' } = destination;
      if (subset === '' || seen.has(host) || !hosts.includes(host)) continue;
      seen.add(host);
      const rules = byHost.get(host);
      if (rules === undefined) byHost.set(host, [{ virtualService, destination }]);
      else rules.push({ virtualService, destination });
    }
  }
  return byHost;
};

/** Routes of a gateway to a whole host whose subsets other rules choose; told once for each VirtualService passed by. */
const checkBypassed = function* (
  resource: Resource<VirtualService>,
  rules: ReadonlyMap<string, readonly SubsetRule[]>,
): Iterable<Finding> {
  if ((resource.object.spec?.gateways ?? []).length === 0) return;
  const told = new Set<Resource>();
  for (const destination of routed(resource)) {
    if ((destination.subset ?? '') !== '') continue;
    for (const { virtualService, destination: chosen } of rules.get(destination.host) ?? []) {
      if (told.has(virtualService)) continue;
      told.add(virtualService);
      const { subset = '', host } = chosen;
      const name = `${virtualService.namespace}/${virtualService.name}`;
      const labels = [
        { span: spanOf(destination, 'host') ?? resource.span, text: 'this route' },
        { span: spanOf(chosen, 'subset') ?? virtualService.span, text: 'chosen here' },
      ];
      const hint = 'choose the subset here too, or let the rules for the gateway say all they need';
      const values = { host, subset, virtualService: name };
      yield finding('IST0140', resource, values, { labels, hint });
    }
  }
};

/** Istio's `virtualservice.DestinationHostAnalyzer`. */
export const destinationHosts = defineCheck({
  name: 'virtualservice.DestinationHostAnalyzer',
  summary: 'Destinations of VirtualServices with an unknown host or port, and gateway routes past the rules of a host.',
  emits: ['IST0101', 'IST0112', 'IST0140'],
  *run({ mesh }) {
    const virtualServices = mesh.of('VirtualService');
    if (virtualServices.length === 0) return;
    const hosts = indexHosts(mesh);
    const rules = indexSubsetRules(virtualServices);
    for (const virtualService of virtualServices) {
      for (const target of destinationsOf(virtualService)) yield* checkDestination(virtualService, target, hosts);
      yield* checkBypassed(virtualService, rules);
    }
  },
});

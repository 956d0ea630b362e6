import type { Resource } from '../../../model/resource.ts';
import { resourceId } from '../../../model/resource.ts';
import type { Gateway, GatewayServer } from '../../../model/schema/generated/types-istio.ts';
import { servedHosts } from '../../../traffic/compile/gateways.ts';
import { instantiateRules } from '../../../traffic/compile/instantiate.ts';
import { isCatchAll } from '../../../traffic/compile/rule-match.ts';
import type { VirtualServicePlan } from '../../../traffic/compile/virtual-services.ts';
import type { Route } from '../../../traffic/tables.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { inCreationOrder, isTimed } from '../../lookup/creation-order.ts';
import { coversRequests } from '../../lookup/match-coverage.ts';
import { createMatchIndex } from '../../lookup/match-index.ts';
import { isRefused } from '../../lookup/refused.ts';
import { EVERYWHERE, exportScopes } from '../../lookup/scopes.ts';
import { virtualServicePlans } from '../../lookup/virtual-service-plans.ts';
import { curlLine, routeOf, witnessOf } from '../../lookup/witness.ts';
import { actAlike, indexWrittenRules, placeOfRule, type WrittenRule } from '../../lookup/written-rules.ts';

/** One route that a gateway merges with those of other VirtualServices. */
interface Merged {
  readonly plan: VirtualServicePlan;
  readonly route: Route;
  readonly match: Route['match'];
  readonly written: WrittenRule;
}

/** Where routes of several VirtualServices meet. */
interface Meeting {
  readonly gateway: Resource<Gateway>;
  readonly server: GatewayServer;
  readonly host: string;
}

const HTTP = new Set(['HTTP', 'HTTP2', 'GRPC', 'HTTPS']);

/** Whether the server routes by the rules for HTTP: it does not where it only redirects or passes TLS on. */
const routesHttp = ({ port, tls }: GatewayServer): boolean =>
  HTTP.has(port.protocol.toUpperCase()) && tls?.httpsRedirect !== true && tls?.mode !== 'PASSTHROUGH';

/** What every proxy sees, merged purely by age; what fewer see goes before it. */
const isPublic = ({ exportTo, namespace }: VirtualServicePlan, byDefault: readonly string[]): boolean =>
  exportScopes((exportTo ?? []).length > 0 ? exportTo : byDefault, namespace).includes(EVERYWHERE);

/** The VirtualServices of each gateway and host that more than one has. */
const indexShared = (
  plans: readonly VirtualServicePlan[],
): ReadonlyMap<string, ReadonlyMap<string, readonly VirtualServicePlan[]>> => {
  const shared = new Map<string, Map<string, VirtualServicePlan[]>>();
  for (const plan of plans) {
    for (const gateway of plan.gateways) {
      const hosts = shared.get(gateway) ?? new Map<string, VirtualServicePlan[]>();
      shared.set(gateway, hosts);
      for (const host of plan.hosts) hosts.set(host, [...(hosts.get(host) ?? []), plan]);
    }
  }
  return shared;
};

const goesBefore = (one: Merged, other: Merged): boolean =>
  inCreationOrder([one.plan.resource, other.plan.resource])[0] === one.plan.resource;

const merge = (
  plans: readonly VirtualServicePlan[],
  { gateway, server }: Meeting,
  find: ReturnType<typeof indexWrittenRules>,
): readonly Merged[] =>
  plans.flatMap((plan) =>
    instantiateRules(plan.rules, {
      // What asks for labels or a namespace of the gateway's own pods is not judged.
      client: { namespace: '', labels: {}, locality: '', scope: undefined },
      gateway: `${gateway.namespace}/${gateway.name}`,
      listenerPort: server.port.number,
      defaultPort: () => server.port.number,
      virtualServiceName: plan.name,
    }).flatMap((route) => {
      const written = find(route.origin);
      return written === undefined ? [] : [{ plan, route, match: route.match, written }];
    }),
  );

const describe = (
  code: 'HED0012' | 'HED0013',
  one: Merged,
  other: Merged,
  { gateway, server, host }: Meeting,
): Finding | undefined => {
  const request = witnessOf(one.match, host, server.port.number);
  const isShown = [one, other].every(({ route }) => request !== undefined && routeOf([route], request) !== undefined);
  if (request === undefined || !isShown || other.route.origin === undefined) return undefined;
  const values = {
    rule: one.written.label,
    other: other.written.label,
    virtualService: resourceId(other.plan.resource),
    host,
    gateway: `${gateway.namespace}/${gateway.name}`,
  };
  const hint =
    code === 'HED0012'
      ? 'put the rules of one host into one VirtualService, or let their matches differ'
      : 'put the rules of one host into one VirtualService, the narrower first';
  return finding(code, one.written.resource, values, {
    ...placeOfRule(one.written),
    labels: [{ span: other.route.origin.span, text: 'takes these requests as well' }],
    effect: `\`${curlLine(request)}\` goes to the VirtualService that was created first`,
    hint,
  });
};

function* compare(routes: readonly Merged[], meeting: Meeting): Iterable<Finding> {
  const index = createMatchIndex<Merged>();
  for (const route of routes) index.add(route);
  for (const one of routes) {
    for (const other of index.candidates(one.match)) {
      if (other.plan === one.plan || actAlike(other.written.rule, one.written.rule)) continue;
      if (!coversRequests(other.match, one.match)) continue;
      const isSame = coversRequests(one.match, other.match);
      // What takes everything is put last, whoever is older.
      if (isCatchAll(other.match) && !(isSame && isCatchAll(one.match))) continue;
      if (isSame && isCatchAll(one.match) !== isCatchAll(other.match)) continue;
      if ((isSame || isTimed(one.plan.resource, other.plan.resource)) && !goesBefore(other, one)) continue;
      const found = describe(isSame ? 'HED0012' : 'HED0013', one, other, meeting);
      if (found === undefined) continue;
      yield found;
      break;
    }
  }
}

/** Istio's `ConflictingMeshGatewayHostsAnalyzer` sees the mesh alone; at a gateway VirtualServices of one host are merged. */
export const gatewayMerge = defineCheck({
  name: 'heddle.GatewayMerge',
  summary: 'Rules of VirtualServices that a gateway merges for one host, where the age of the objects decides.',
  emits: ['HED0012', 'HED0013'],
  *run({ mesh }) {
    const { defaultVirtualServiceExportTo } = mesh.config;
    const plans = virtualServicePlans(mesh).filter((plan) => isPublic(plan, defaultVirtualServiceExportTo));
    const shared = indexShared(plans);
    const find = indexWrittenRules(mesh);
    for (const gateway of mesh.of('Gateway')) {
      for (const [host, plans] of shared.get(`${gateway.namespace}/${gateway.name}`) ?? []) {
        if (plans.length < 2) continue;
        const claimants = plans.filter(({ resource }) => !isRefused(resource));
        for (const server of gateway.object.spec?.servers ?? []) {
          if (!routesHttp(server)) continue;
          const meeting = { gateway, server, host };
          const here = claimants.filter((plan) => servedHosts(server, gateway.namespace, plan).includes(host));
          yield* compare(merge(here, meeting, find), meeting);
        }
      }
    }
  },
});

import type { Mesh } from '../../model/mesh.ts';
import { resolveShortName } from '../../model/names.ts';
import type { Resource } from '../../model/resource.ts';
import type { BackendTLSPolicy } from '../../model/schema/generated/types-gateway-api.ts';
import type {
  ClientTls,
  ConnectionPool,
  DestinationRule,
  DestinationRuleSubset,
  LoadBalancer,
  OutlierDetection,
  TrafficPolicy,
  TrafficPolicyRetryBudget,
} from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { Origin } from '../tables.ts';
import { mergeBackendTls } from './backend-tls-rules.ts';
import { checkDestinationRule } from './destination-rule-check.ts';
import { planBackendTls } from './gateway-api/backend-tls.ts';
import { indexHosts } from './host-index.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { isExportedTo } from './names.ts';
import type { Report } from './report.ts';
import type { MeshService } from './services.ts';
import type { SidecarScope } from './sidecar-scope.ts';

/** One rule after merging the objects of a namespace that name the same host; the oldest one's policy counts. */
export interface EffectiveRule {
  readonly host: string;
  readonly namespace: string;
  readonly exportTo: readonly string[] | undefined;
  /** Only clients with these labels, and only of the rule's own namespace. */
  readonly clientLabels: Readonly<Record<string, string>> | undefined;
  readonly policy: TrafficPolicy | undefined;
  readonly subsets: readonly { readonly subset: DestinationRuleSubset; readonly resource: Resource }[];
  /** It names the workloads that it is for. */
  readonly isSelective: boolean;
  /** Of the TLS settings that BackendTLSPolicies ask for. */
  readonly tlsOrigins?: ReadonlyMap<ClientTls, Origin>;
  readonly resource: Resource<DestinationRule | BackendTLSPolicy>;
}

/** Who asks: DestinationRules depend on the client's namespace and labels. */
export interface Client {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`; empty when unknown. */
  readonly locality: string;
  /** The machine it runs on, where the input says so. */
  readonly node?: string | undefined;
  /** All of it that endpoints are ranked by, in one text; absent where nothing ranks them. */
  readonly placement?: string;
  /** Of the Sidecar that is for the client; undefined = everything exported. */
  readonly scope: SidecarScope | undefined;
}

export interface DestinationRuleIndex {
  /** The rule in force for a client: of its own namespace, else of the service's, else of the root namespace. */
  find(service: MeshService, client: Client): EffectiveRule | undefined;
  /** Whether any answer depends on the client's labels. */
  readonly usesClientLabels: boolean;
  /** Whether any rule prefers endpoints by where the client is. */
  readonly usesClientLocality: boolean;
  /** Whether any rule balances by a hash. */
  readonly usesHashing: boolean;
  /** Whether any rule prefers endpoints by labels they have in common with the client. */
  readonly ranksByLabels: boolean;
}

/** Validates, merges and indexes the DestinationRules of a mesh. */
export const indexDestinationRules = (mesh: Mesh, settings: MeshSettings, report: Report): DestinationRuleIndex => {
  const byNamespace = new Map<string, Map<string, EffectiveRule>>();
  for (const resource of mesh.of('DestinationRule')) {
    checkDestinationRule(resource, report);
    const spec = resource.object.spec;
    if (spec === undefined || report.isInvalid(resource)) continue;
    const rules = byNamespace.get(resource.namespace) ?? new Map<string, EffectiveRule>();
    byNamespace.set(resource.namespace, rules);
    const host = resolveShortName(spec.host, resource.namespace);
    const clientLabels = spec.workloadSelector?.matchLabels;
    const isSelective = spec.workloadSelector !== undefined;
    const key = JSON.stringify([host, clientLabels]);
    const subsets = (spec.subsets ?? []).map((subset) => ({ subset, resource }));
    const older = rules.get(key);
    const { exportTo, trafficPolicy: policy } = spec;
    rules.set(
      key,
      older === undefined
        ? { host, namespace: resource.namespace, exportTo, clientLabels, policy, subsets, isSelective, resource }
        : mergeInto(older, policy, subsets),
    );
  }
  for (const backend of planBackendTls(mesh, report)) {
    const rules = byNamespace.get(backend.namespace) ?? new Map<string, EffectiveRule>();
    byNamespace.set(backend.namespace, rules);
    const key = JSON.stringify([backend.host, undefined]);
    rules.set(key, mergeBackendTls(rules.get(key), backend));
  }
  const all = [...byNamespace.values()].flatMap((rules) => [...rules.values()]);
  const covering = new Map(
    [...byNamespace].map(([namespace, rules]) => [namespace, indexHosts(rules.values(), ({ host }) => [host])]),
  );
  const rulesFor = (namespace: string, { host }: MeshService) => covering.get(namespace)?.(host) ?? [];
  return {
    usesClientLabels: all.some((rule) => rule.clientLabels !== undefined),
    usesClientLocality: all.some(asksForLocality),
    usesHashing: all.some(asksForHashing),
    ranksByLabels: all.some(asksForLabels),
    find: (service, client) => {
      const own = mostSpecific(rulesFor(client.namespace, service), service, client);
      if (own !== undefined) return own;
      for (const namespace of [service.namespace, settings.rootNamespace]) {
        const exported = rulesFor(namespace, service).filter((rule) =>
          isExportedTo(rule.exportTo ?? settings.destinationRuleExportTo, rule.namespace, client.namespace),
        );
        const found = mostSpecific(exported, service, client);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
};

/** Outlier detection alone switches failover between localities on. */
const asksForLocality = (rule: EffectiveRule): boolean =>
  policyParts(rule).some(
    ({ loadBalancer, outlierDetection }) =>
      outlierDetection !== undefined || loadBalancer?.localityLbSetting?.distribute !== undefined,
  );

const asksForHashing = (rule: EffectiveRule): boolean =>
  policyParts(rule).some(({ loadBalancer }) => loadBalancer?.consistentHash !== undefined);

const asksForLabels = (rule: EffectiveRule): boolean =>
  policyParts(rule).some(({ loadBalancer }) => loadBalancer?.localityLbSetting?.failoverPriority !== undefined);

/** Whether what it makes of a service depends on the Secrets of the client's namespace. */
export const namesSecret = (rule: EffectiveRule): boolean =>
  policyParts(rule).some(({ tls }) => tls?.credentialName !== undefined);

const policyParts = ({
  policy,
  subsets,
}: EffectiveRule): readonly Pick<TrafficPolicy, 'loadBalancer' | 'outlierDetection' | 'tls'>[] =>
  [policy, ...subsets.map(({ subset }) => subset.trafficPolicy)].flatMap((own) =>
    own === undefined ? [] : [own, ...(own.portLevelSettings ?? [])],
  );

/** A later rule adds the subsets the older one lacks, and its policy only where the older one has none. */
const mergeInto = (
  older: EffectiveRule,
  policy: TrafficPolicy | undefined,
  subsets: EffectiveRule['subsets'],
): EffectiveRule => {
  const known = new Set(older.subsets.map(({ subset }) => subset.name));
  return {
    ...older,
    policy: older.policy ?? policy,
    subsets: [...older.subsets, ...subsets.filter(({ subset }) => !known.has(subset.name))],
  };
};

/** Of rules for the service's host, the one that counts. */
const mostSpecific = (
  rules: readonly EffectiveRule[],
  service: MeshService,
  client: Client,
): EffectiveRule | undefined => {
  let best: EffectiveRule | undefined;
  for (const rule of rules) {
    if (rule.clientLabels !== undefined) {
      if (rule.namespace !== client.namespace || !matchesLabels(rule.clientLabels ?? {}, client.labels)) continue;
    }
    if (best === undefined || isBetter(rule, best, service.host)) best = rule;
  }
  return best;
};

/** An exact host beats a wildcard, a longer wildcard a shorter one, and client labels beat none. */
const isBetter = (rule: EffectiveRule, best: EffectiveRule, host: string): boolean => {
  const rank = (candidate: EffectiveRule): number =>
    candidate.host === host ? Number.MAX_SAFE_INTEGER : candidate.host.length;
  if (rank(rule) !== rank(best)) return rank(rule) > rank(best);
  return rule.clientLabels !== undefined && best.clientLabels === undefined;
};

/** The parts of a traffic policy that hold for one port. */
export interface PortPolicy {
  readonly connectionPool: ConnectionPool | undefined;
  readonly loadBalancer: LoadBalancer | undefined;
  readonly outlierDetection: OutlierDetection | undefined;
  readonly tls: ClientTls | undefined;
  readonly retryBudget: TrafficPolicyRetryBudget | undefined;
}

/** Overlays a policy on a parent's; a port-level setting inherits nothing, as Istio documents. */
export const overlayPolicy = (
  parent: PortPolicy | undefined,
  policy: TrafficPolicy | undefined,
  port: number,
): PortPolicy => {
  const ownPort = policy?.portLevelSettings?.find((setting) => setting.port?.number === port);
  const { connectionPool, loadBalancer, outlierDetection, tls } = ownPort ?? {
    connectionPool: policy?.connectionPool ?? parent?.connectionPool,
    loadBalancer: policy?.loadBalancer ?? parent?.loadBalancer,
    outlierDetection: policy?.outlierDetection ?? parent?.outlierDetection,
    tls: policy?.tls ?? parent?.tls,
  };
  // No port-level setting has a budget, and those of a subset leave the rule's in force.
  const retryBudget = (ownPort === undefined ? policy?.retryBudget : undefined) ?? parent?.retryBudget;
  return { connectionPool, loadBalancer, outlierDetection, tls, retryBudget };
};

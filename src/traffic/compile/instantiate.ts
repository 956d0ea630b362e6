import { matchesLabels } from '../../model/selector.ts';
import type { Destinations, HeaderOperations, Route, RouteAction, TcpRoute, WeightedDestination } from '../tables.ts';
import type { Client } from './destination-rules.ts';
import type { Hashing } from './hashing.ts';
import { outboundClusterName } from './names.ts';
import { joinOperations } from './rule-headers.ts';
import type { ActionPlan, ConnectionConditions, DestinationPlan, RuleConditions, RulePlan } from './rule-plan.ts';
import type { TcpRulePlan } from './tcp-rules.ts';
import type { TlsMatchPlan, TlsRulePlan } from './tls-rules.ts';

/** The listener a rule is instantiated for. */
export interface RuleScope {
  readonly client: Client;
  /** `mesh`, or the qualified name of the Gateway. */
  readonly gateway: string;
  /** The port connected to; what `match.port` means and where a destination without port goes. */
  readonly listenerPort: number;
  /** The port for a destination that names none. */
  readonly defaultPort: (host: string) => number;
  /** Absent where no DestinationRule hashes, or nobody asks. */
  readonly hashing?: Hashing | undefined;
  /** Stands in the operation of a weighted route, whose host is not known yet. */
  readonly virtualServiceName: string;
}

/** Whether a proxy and listener meet a rule's conditions. Naming gateways replaces the source conditions. */
const meetsConditions = (conditions: RuleConditions, scope: RuleScope): boolean => {
  if (conditions.port !== undefined && conditions.port !== scope.listenerPort) return false;
  if (conditions.gateways.length > 0) return conditions.gateways.includes(scope.gateway);
  if (!matchesLabels(conditions.sourceLabels ?? {}, scope.client.labels)) return false;
  return conditions.sourceNamespace === undefined || conditions.sourceNamespace === scope.client.namespace;
};

/** The routes of a VirtualService for one listener, up to the first that takes everything. */
export const instantiateRules = (rules: readonly RulePlan[], scope: RuleScope): readonly Route[] => {
  const routes: Route[] = [];
  for (const rule of rules) {
    if (!meetsConditions(rule.conditions, scope)) continue;
    routes.push(toRoute(rule, scope));
    if (rule.isCatchAll) break;
  }
  return routes;
};

/** Whether a proxy and listener meet the conditions of a connection, its address and server name aside. */
export const admitsConnections = (conditions: ConnectionConditions, scope: RuleScope): boolean => {
  if (conditions.port !== undefined && conditions.port !== scope.listenerPort) return false;
  if (conditions.gateways.length > 0 && !conditions.gateways.includes(scope.gateway)) return false;
  // Istio asks for the source on the mesh only, where naming gateways does not replace it.
  if (scope.gateway !== 'mesh') return true;
  if (!matchesLabels(conditions.sourceLabels ?? {}, scope.client.labels)) return false;
  return conditions.sourceNamespace === undefined || conditions.sourceNamespace === scope.client.namespace;
};

/** The first tcp rule that holds for a gateway's listener. */
export const instantiateTcp = (rules: readonly TcpRulePlan[], scope: RuleScope): TcpRoute | undefined => {
  const rule = rules.find(({ conditions }) => conditions.some((condition) => admitsConnections(condition, scope)));
  return rule === undefined ? undefined : toTcpRoute(rule, scope);
};

/** The server names that tls rules of a VirtualService take at a listener, and where their connections go. */
export const instantiateTls = (
  rules: readonly TlsRulePlan[],
  scope: RuleScope,
): readonly { readonly match: TlsMatchPlan; readonly route: TcpRoute }[] =>
  rules.flatMap((rule) =>
    rule.matches
      .filter(({ conditions }) => admitsConnections(conditions, scope))
      .map((match) => ({ match, route: toTcpRoute(rule, scope) })),
  );

/** Where a tcp or tls rule sends connections from a listener. */
export const toTcpRoute = (rule: Pick<TcpRulePlan, 'destinations'>, scope: RuleScope): TcpRoute => {
  const destinations = toDestinations(rule.destinations, scope, true);
  const [first, second] = rule.destinations;
  // Istio looks at a subset only where it is the only destination.
  const hash = scope.hashing?.ofConnection(first.host, second === undefined ? first.subset : '');
  return {
    destinations,
    totalWeight: totalWeight(destinations),
    origin: first.origin,
    ...(hash === undefined ? {} : { hash }),
  };
};

const toRoute = (rule: RulePlan, scope: RuleScope): Route => {
  const { action } = rule;
  const single = action.kind === 'forward' && !action.isWeighted ? action.destinations[0] : undefined;
  return {
    name: rule.name,
    match: rule.match,
    action: toAction(action, scope),
    requestHeaders: joined(rule.requestHeaders, single?.requestHeaders),
    responseHeaders: joined(rule.responseHeaders, single?.responseHeaders),
    operation:
      single === undefined
        ? `${scope.virtualServiceName}:${scope.listenerPort}${rule.pathText}`
        : `${single.host}:${single.port ?? scope.defaultPort(single.host)}${rule.pathText}`,
    origin: rule.origin,
  };
};

const joined = (
  route: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
): HeaderOperations | undefined => (destination === undefined ? route : joinOperations(route, destination));

const toAction = (action: ActionPlan, scope: RuleScope): RouteAction => {
  switch (action.kind) {
    case 'respond':
      return action;
    case 'redirect': {
      const { code, scheme, authority, fault, path } = action;
      return { kind: 'redirect', code, scheme, authority, port: redirectPort(action, scope), path, fault };
    }
    case 'forward': {
      const { rewrite, timeoutMs, fault, cors } = action;
      // A rewrite of the whole route wins over a Host that a weighted destination sets.
      const plans = rewrite?.authority === undefined ? action.destinations : withoutAuthority(action.destinations);
      const destinations = toDestinations(plans, scope, action.isWeighted);
      const single = action.isWeighted ? undefined : action.destinations[0].authority;
      return {
        kind: 'forward',
        destinations,
        totalWeight: totalWeight(destinations),
        rewrite:
          single !== undefined && rewrite?.authority === undefined
            ? { authority: single, path: rewrite?.path }
            : rewrite,
        timeoutMs,
        ...hashed(action, scope),
        mirrors: action.mirrors.map((mirror) => ({
          cluster: clusterOf(mirror.destination, scope),
          percent: mirror.percent,
        })),
        fault,
        cors,
        ...(action.missingClusterStatus === undefined ? {} : { missingClusterStatus: action.missingClusterStatus }),
      };
    }
  }
};

/** The hashes of all destinations apply together. A retry of a lone one stays with its endpoint unless it is told. */
const hashed = (
  { destinations, retry, isWeighted }: Extract<ActionPlan, { readonly kind: 'forward' }>,
  { hashing }: RuleScope,
): Pick<Extract<RouteAction, { readonly kind: 'forward' }>, 'retry' | 'hash'> => {
  const hash = destinations.flatMap(({ host, subset, port }) => hashing?.ofDestination(host, subset, port) ?? []);
  if (hash.length === 0) return { retry };
  const stays = !isWeighted && retry !== undefined && retry.choosesHosts !== true;
  return { retry: stays ? { ...retry, avoidPreviousHosts: false } : retry, hash };
};

/** Istio leaves the scheme's default port out of a Location. */
const redirectPort = (
  action: Extract<ActionPlan, { readonly kind: 'redirect' }>,
  scope: RuleScope,
): number | undefined => {
  const port = action.port === 'from-request' ? scope.listenerPort : action.port;
  const isDefault = (action.scheme ?? 'http') === 'https' ? port === 443 : port === 80;
  return isDefault ? undefined : port;
};

const clusterOf = (destination: DestinationPlan, scope: RuleScope): string =>
  outboundClusterName(destination.port ?? scope.defaultPort(destination.host), destination.subset, destination.host);

const toDestinations = (
  plans: readonly [DestinationPlan, ...DestinationPlan[]],
  scope: RuleScope,
  keepsHeaders: boolean,
): Destinations => {
  const [first, ...rest] = plans;
  const convert = (plan: DestinationPlan): WeightedDestination => ({
    cluster: clusterOf(plan, scope),
    weight: plan.weight,
    requestHeaders: keepsHeaders ? withHost(plan) : undefined,
    responseHeaders: keepsHeaders ? plan.responseHeaders : undefined,
    origin: plan.origin,
  });
  return [convert(first), ...rest.map(convert)];
};

const withoutAuthority = (
  plans: readonly [DestinationPlan, ...DestinationPlan[]],
): readonly [DestinationPlan, ...DestinationPlan[]] => {
  const [first, ...rest] = plans;
  return [{ ...first, authority: undefined }, ...rest.map((plan) => ({ ...plan, authority: undefined }))];
};

const withHost = (plan: DestinationPlan): HeaderOperations | undefined => {
  if (plan.authority === undefined) return plan.requestHeaders;
  const { set = [], add = [], remove = [] } = plan.requestHeaders ?? {};
  return { set: [...set, ['host', plan.authority]], add, remove };
};

const totalWeight = (destinations: Destinations): number =>
  destinations.reduce((total, destination) => total + destination.weight, 0);

import type { Mesh } from '../../model/mesh.ts';
import { resolveShortName } from '../../model/names.ts';
import type { Resource } from '../../model/resource.ts';
import type { VirtualService, VirtualServiceHttp } from '../../model/schema/generated/types-istio.ts';
import type { RetryPolicy } from '../tables.ts';
import { delegatedRules } from './delegate.ts';
import { qualifyGateway } from './names.ts';
import { originOf, type Report } from './report.ts';
import { compileAction, type RuleContext } from './rule-action.ts';
import { compileHeaderOperations } from './rule-headers.ts';
import {
  bySegment,
  compileConditions,
  compileRouteMatch,
  describePath,
  isCatchAll,
  MATCH_ALL,
  NO_CONDITIONS,
} from './rule-match.ts';
import type { RulePlan } from './rule-plan.ts';
import { compileTcpRules, type TcpRulePlan } from './tcp-rules.ts';
import { compileTlsRules, type TlsRulePlan } from './tls-rules.ts';

/** A valid VirtualService, compiled as far as it does not depend on the proxy. */
export interface VirtualServicePlan {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace: string;
  /** Short names expanded. */
  readonly hosts: readonly string[];
  /** `mesh` or `NAMESPACE/NAME`. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[] | undefined;
  readonly rules: readonly RulePlan[];
  readonly tcp: readonly TcpRulePlan[];
  /** By server name; absent = none. */
  readonly tls?: readonly TlsRulePlan[];
  /** Made of routes of the Gateway API: on the mesh only their own namespace and that of the service hear them. */
  readonly semantics?: 'gateway-api';
}

/** Validates and plans every VirtualService, oldest first; delegates appear inside their roots. */
export const planVirtualServices = (
  mesh: Mesh,
  defaultRetry: RetryPolicy | undefined,
  report: Report,
): readonly VirtualServicePlan[] => {
  const resources = mesh.of('VirtualService');
  const delegates = new Map<string, Resource<VirtualService>>();
  for (const resource of resources) {
    if ((resource.object.spec?.hosts ?? []).length === 0)
      delegates.set(`${resource.namespace}/${resource.name}`, resource);
  }
  const plans: VirtualServicePlan[] = [];
  for (const resource of resources) {
    const plan = planOne(resource, delegates, defaultRetry, report);
    const isDelegate = plan.hosts.length === 0;
    if (!isDelegate && !report.isInvalid(resource)) plans.push(plan);
  }
  return plans;
};

/** Sorts plans by the gateways that they are bound to, `mesh` among them. */
export const groupByGateway = (
  plans: readonly VirtualServicePlan[],
): ReadonlyMap<string, readonly VirtualServicePlan[]> => {
  const groups = new Map<string, VirtualServicePlan[]>();
  for (const plan of plans) {
    for (const gateway of new Set(plan.gateways)) {
      const known = groups.get(gateway);
      if (known === undefined) groups.set(gateway, [plan]);
      else known.push(plan);
    }
  }
  return groups;
};

const planOne = (
  resource: Resource<VirtualService>,
  delegates: ReadonlyMap<string, Resource<VirtualService>>,
  defaultRetry: RetryPolicy | undefined,
  report: Report,
): VirtualServicePlan => {
  const spec = resource.object.spec ?? {};
  const { namespace, name } = resource;
  const gateways = (spec.gateways ?? []).map((gateway) => qualifyGateway(gateway, namespace));
  const hosts = checkHosts(resource, gateways.length === 0 || gateways.includes('mesh'), report);
  if ((spec.http ?? spec.tcp ?? spec.tls ?? []).length === 0) {
    report.invalid(resource, 'a VirtualService needs http, tcp or tls rules');
  }
  const context: RuleContext = { resource, namespace, defaultRetry, report };
  const rules: RulePlan[] = [];
  for (const rule of spec.http ?? []) {
    if (rule.delegate === undefined) {
      rules.push(...planRule(context, rule, rule));
      continue;
    }
    if (rule.route !== undefined || rule.redirect !== undefined || rule.directResponse !== undefined) {
      report.invalid(resource, 'a rule with a delegate cannot have an action of its own', [rule, 'delegate']);
    }
    const key = `${rule.delegate.namespace ?? namespace}/${rule.delegate.name ?? ''}`;
    const delegate = delegates.get(key);
    if (delegate === undefined) {
      const effect = `delegate ${key} does not exist; requests fall through to the next rule`;
      report.warn(resource, 'DELEGATE_NOT_FOUND', effect, [rule, 'delegate']);
      continue;
    }
    const inner: RuleContext = { ...context, resource: delegate, namespace: delegate.namespace };
    for (const { rule: merged, written } of delegatedRules(rule, delegate))
      rules.push(...planRule(inner, merged, written));
  }
  const tcp = compileTcpRules(context, spec.tcp ?? []);
  const tls = spec.tls === undefined ? {} : { tls: compileTlsRules(context, spec.tls, hosts) };
  const effective = gateways.length === 0 ? ['mesh'] : gateways;
  return { resource, name, namespace, hosts, gateways: effective, exportTo: spec.exportTo, rules, tcp, ...tls };
};

/** Labels may begin and end with anything but a dash; only the first may be a star. */
const HOST = /^(\*|(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?)$/i;

const checkHosts = (resource: Resource<VirtualService>, isOnMesh: boolean, report: Report): readonly string[] => {
  const written = resource.object.spec?.hosts ?? [];
  const seen = new Set<string>();
  for (const [index, host] of written.entries()) {
    if (!HOST.test(host)) report.invalid(resource, `host "${host}" is not a name`, [written, index]);
    if (host === '*' && isOnMesh) report.invalid(resource, 'host "*" is not allowed on gateway mesh', [written, index]);
    if (seen.has(host)) report.invalid(resource, `host "${host}" is listed twice`, [written, index]);
    seen.add(host);
  }
  return written.map((host) => resolveShortName(host, resource.namespace).toLowerCase());
};

/** Plans one rule, once per `match`; `written` is the rule as it stands in the file. */
export const planRule = (
  context: RuleContext,
  rule: VirtualServiceHttp,
  written: VirtualServiceHttp,
): readonly RulePlan[] => {
  const { resource, report } = context;
  const headers = compileHeaderOperations(resource, rule.headers, report);
  const toAction = compileAction(context, rule, headers.authority);
  if (toAction === undefined) return [];
  const shared = { requestHeaders: headers.request, responseHeaders: headers.response };
  const ruleName = rule.name ?? '';
  const matches = rule.match ?? [];
  if (matches.length === 0) {
    const action = toAction(MATCH_ALL);
    const origin = originOf(resource, [written]);
    const all = { match: MATCH_ALL, pathText: '/*', isCatchAll: true, conditions: NO_CONDITIONS };
    return [{ ...shared, ...all, name: ruleName, action, origin }];
  }
  return matches.map((match) => {
    const asked = compileRouteMatch(resource, match, report);
    const compiled = context.semantics === 'gateway-api' ? bySegment(asked) : asked;
    const name = match.name === undefined || match.name === '' ? ruleName : `${ruleName}.${match.name}`;
    return {
      ...shared,
      name,
      match: compiled,
      pathText: describePath(compiled.path, match.uri),
      isCatchAll: isCatchAll(compiled),
      conditions: compileConditions(match, context.namespace),
      action: toAction(compiled),
      origin: originOf(resource, [written.match?.includes(match) === true ? match : written]),
    };
  });
};

import { filterChainsOf } from './filter-chain.ts';
import { at, isObject, type JsonObject, listAt, textAt } from './json.ts';

/** One policy as a proxy enforces it. */
export interface EnforcedPolicy {
  readonly action: 'DENY' | 'ALLOW' | 'LOG' | 'CUSTOM';
  /** As Istio writes it, `name.namespace`; `_anonymous_match_nothing_` is a filter without rules, which no request passes. */
  readonly policy: string;
  /** How many of its rules reached the proxy. */
  readonly rules: number;
  /** Its decision is only counted. */
  readonly isDryRun: boolean;
}

const ANONYMOUS = '_anonymous_match_nothing_';
const ACTIONS = ['DENY', 'ALLOW', 'LOG', 'CUSTOM'] as const;
const RBAC_NAMES = new Set(['envoy.filters.http.rbac', 'envoy.filters.network.rbac']);

/** istiod's name of a rule: `ns[default]-policy[allow]-rule[0]`, with the provider in front for CUSTOM. */
const RULE_NAME = /^(istio-ext-authz-.*)?ns\[(.+)\]-policy\[(.+)\]-rule\[(.+)\]$/;

/** The RBAC filters of a listener, for connections and for requests. */
const rbacFilters = (listener: JsonObject): readonly unknown[] =>
  filterChainsOf(listener)
    .flatMap((chain) => listAt(chain, 'filters'))
    .flatMap((filter) => [filter, ...listAt(filter, 'typed_config', 'http_filters')])
    .filter((filter) => RBAC_NAMES.has(textAt(filter, 'name')))
    .map((filter) => at(filter, 'typed_config'));

interface Rule extends Omit<EnforcedPolicy, 'rules'> {
  readonly rule: string;
}

const actionOf = (rules: unknown): EnforcedPolicy['action'] =>
  // Protobuf's JSON leaves out ALLOW, which is the zero value.
  ACTIONS.find((action) => action === textAt(rules, 'action')) ?? 'ALLOW';

const rulesIn = (rules: unknown, isShadow: boolean): readonly Rule[] => {
  const policies = at(rules, 'policies');
  return Object.keys(isObject(policies) ? policies : {}).map((name) => {
    const [, provider, namespace, policy, rule] = RULE_NAME.exec(name) ?? [];
    const isCustom = isShadow && provider !== undefined;
    return {
      action: isCustom ? 'CUSTOM' : actionOf(rules),
      policy: policy === undefined ? name : `${policy}.${namespace}`,
      rule: rule ?? name,
      isDryRun: isShadow && !isCustom,
    };
  });
};

const rulesOf = (filter: unknown): readonly Rule[] => {
  const rules = at(filter, 'rules');
  const enforced = rulesIn(rules, false);
  const nothing: Rule = { action: actionOf(rules), policy: ANONYMOUS, rule: '0', isDryRun: false };
  return [
    ...(rules !== undefined && enforced.length === 0 ? [nothing] : enforced),
    ...rulesIn(at(filter, 'shadow_rules'), true),
  ];
};

/** The authorization policies in a proxy's listeners, in the order in which Istio prints actions, then by name. */
export const enforcedPolicies = (listeners: readonly JsonObject[]): readonly EnforcedPolicy[] => {
  const found = new Map<string, { readonly first: Rule; readonly rules: Set<string> }>();
  for (const rule of listeners.flatMap(rbacFilters).flatMap(rulesOf)) {
    const key = `${ACTIONS.indexOf(rule.action)} ${rule.policy} ${rule.isDryRun}`;
    const known = found.get(key) ?? { first: rule, rules: new Set<string>() };
    found.set(key, known);
    known.rules.add(rule.rule);
  }
  return [...found.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([
        ,
        {
          first: { action, policy, isDryRun },
          rules,
        },
      ]) => ({ action, policy, rules: rules.size, isDryRun }),
    );
};

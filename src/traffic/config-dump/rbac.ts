import { type Cidr, networkAddress } from '../../base/cidr.ts';
import type {
  AuthorizationCondition,
  AuthorizationPolicies,
  AuthorizationRule,
  AuthorizationText,
  StringMatcher,
} from '../tables.ts';
import { extension } from './any.ts';
import { claimMatch, stringMatch } from './match.ts';

const range = (cidr: Cidr): object => ({ address_prefix: networkAddress(cidr), prefix_len: cidr.prefixLength });

const header = (name: string, value: StringMatcher): object => ({
  header: { name, ...(value.kind === 'present' ? { present_match: true } : { string_match: stringMatch(value) }) },
});

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A regex of what a matcher takes in a text without slashes. */
const segment = (matcher: StringMatcher): string => {
  switch (matcher.kind) {
    case 'present':
      return '[^/]+';
    case 'regex':
      return matcher.source;
    case 'exact':
      return escaped(matcher.value);
    case 'suffix':
      return `[^/]*${escaped(matcher.value)}`;
    case 'contains':
      return `[^/]*${escaped(matcher.value)}[^/]*`;
    default:
      return `${escaped(matcher.value)}[^/]*`;
  }
};

const peerName = (name: object): object => ({ authenticated: { principal_name: name } });

const peerMatching = (regex: string): object => peerName({ safe_regex: { regex } });

/** A peer's SPIFFE id, of which a rule has what follows the scheme. */
const principal = (value: StringMatcher): object => {
  if (value.kind === 'exact' || value.kind === 'prefix') return peerName({ [value.kind]: `spiffe://${value.value}` });
  return value.kind === 'regex' ? peerMatching(`spiffe://${value.source}`) : peerName(stringMatch(value));
};

/** `NAMESPACE/NAME` as it is in a SPIFFE id. */
const serviceAccount = (value: StringMatcher): string => {
  const [namespace = '', name = ''] = 'value' in value ? value.value.split('/') : [];
  return `.*/ns/${escaped(namespace)}/sa/${escaped(name)}`;
};

const claim = (path: readonly string[], value: StringMatcher): object => ({ metadata: claimMatch(path, value) });

/** Envoy tells who is asking (principals) from what for (permissions); the same word may mean either. */
type Side = 'principal' | 'permission';

/** One value that a condition asks for, on the side of a policy it is part of. */
type Test = readonly [side: Side, test: object];

const TEXTS: Readonly<Record<AuthorizationText, (value: StringMatcher) => Test>> = {
  principal: (value) => ['principal', principal(value)],
  'trust-domain': (value) => ['principal', peerMatching(`spiffe://${segment(value)}/.*`)],
  namespace: (value) => ['principal', peerMatching(`.*/ns/${segment(value)}/.*`)],
  'service-account': (value) => ['principal', peerMatching(serviceAccount(value))],
  'server-name': (value) => ['permission', { requested_server_name: stringMatch(value) }],
  method: (value) => ['permission', header(':method', value)],
  host: (value) => ['permission', header(':authority', value)],
  path: (value) => ['permission', { url_path: { path: stringMatch(value) } }],
  authority: (value) => ['principal', header(':authority', value)],
  target: (value) => ['principal', header(':path', value)],
  scheme: (value) => ['principal', header(':scheme', value)],
};

interface Tested {
  readonly values: readonly Test[];
  readonly notValues: readonly Test[];
}

const testsOf = (condition: AuthorizationCondition): Tested => {
  const both = <V>(
    { values, notValues }: { readonly values: readonly V[]; readonly notValues: readonly V[] },
    test: (value: V) => Test,
  ): Tested => ({ values: values.map(test), notValues: notValues.map(test) });
  switch (condition.on) {
    case 'source-ip':
      return both(condition, (block) => ['principal', { direct_remote_ip: range(block) }]);
    case 'remote-ip':
      return both(condition, (block) => ['principal', { remote_ip: range(block) }]);
    case 'destination-ip':
      return both(condition, (block) => ['permission', { destination_ip: range(block) }]);
    case 'destination-port':
      return both(condition, (port) => ['permission', { destination_port: port }]);
    case 'header':
      return both(condition, (value) => ['principal', header(condition.name, value)]);
    case 'claim':
      return both(condition, (value) => ['principal', claim(condition.path, value)]);
    case 'request-principal':
      return both(condition, ({ issuer, subject }) => [
        'principal',
        { and_ids: { ids: [claim(['iss'], issuer), claim(['sub'], subject)] } },
      ]);
    case 'metadata':
      return both(condition, (value) => ['principal', { metadata: { filter: value } }]);
    default:
      return both(condition, TEXTS[condition.on]);
  }
};

const WORDS = {
  principal: { all: ['and_ids', 'ids'], any: ['or_ids', 'ids'], not: 'not_id' },
  permission: { all: ['and_rules', 'rules'], any: ['or_rules', 'rules'], not: 'not_rule' },
} as const;

/** What conditions ask on one side: one of each one's values, and none of those it excludes. */
const conditionsOn = (side: Side, conditions: readonly AuthorizationCondition[]): readonly object[] => {
  const [name, list] = WORDS[side].any;
  const anyOf = (tests: readonly Test[]): readonly object[] => {
    const own = tests.filter(([on]) => on === side).map(([, test]) => test);
    return own.length === 0 ? [] : [{ [name]: { [list]: own } }];
  };
  return conditions.flatMap((condition) => {
    const { values, notValues } = testsOf(condition);
    return [...anyOf(values), ...anyOf(notValues).map((test) => ({ [WORDS[side].not]: test }))];
  });
};

const allOf = (side: Side, conditions: readonly AuthorizationCondition[]): object => {
  const tests = conditionsOn(side, conditions);
  const [name, list] = WORDS[side].all;
  return tests.length === 0 ? { any: true } : { [name]: { [list]: tests } };
};

const policyOf = ({ when, from, to }: AuthorizationRule): object => {
  const sources = from.length === 0 ? [[]] : from;
  const operations = to.length === 0 ? [[]] : to;
  return {
    permissions: operations.map((own) => allOf('permission', [...own, ...when])),
    principals: sources.map((own) => allOf('principal', [...own, ...when])),
  };
};

const policiesOf = (rules: readonly AuthorizationRule[], prefix = ''): object => ({
  policies: Object.fromEntries(rules.map((rule) => [prefix + rule.name, policyOf(rule)])),
});

/**
 * The RBAC filters of the policies in force, in the order they are asked; of CUSTOM policies the rules by which their
 * provider is asked. For HTTP, or for connections.
 */
export const rbacFilters = (
  policies: AuthorizationPolicies | undefined,
  kind: 'http' | 'network',
): readonly object[] => {
  if (policies === undefined) return [];
  const { custom, check, deny, allow } = policies;
  const filter = (config: object): object =>
    extension(`envoy.filters.${kind}.rbac`, `envoy.extensions.filters.${kind}.rbac.v3.RBAC`, {
      ...config,
      ...(kind === 'network' ? { stat_prefix: 'tcp.' } : {}),
    });
  const asked = check && {
    shadow_rules: { action: 'DENY', ...policiesOf(check.rules, `istio-ext-authz-${check.authorizer.name}-`) },
  };
  return [
    ...(custom.length === 0 ? [] : [filter({ rules: { action: 'DENY', ...policiesOf(custom) } })]),
    ...(asked === undefined ? [] : [filter(asked)]),
    ...(deny.length === 0 ? [] : [filter({ rules: { action: 'DENY', ...policiesOf(deny) } })]),
    ...(allow === undefined ? [] : [filter({ rules: policiesOf(allow.rules) })]),
  ];
};

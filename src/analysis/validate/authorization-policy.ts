import type { Resource } from '../../model/resource.ts';
import type {
  AuthorizationPolicy,
  AuthorizationPolicyRule,
  AuthorizationPolicyRuleFromSource,
  AuthorizationPolicyRuleToOperation,
  AuthorizationPolicyRuleWhen,
  AuthorizationPolicySpec,
} from '../../model/schema/generated/types-istio.ts';
import { refusePathTemplate } from './path-template.ts';
import type { At, Review } from './review.ts';
import { reviewAttachment } from './selection.ts';
import { isIpAddress, isSubnet } from './text-rules.ts';

export const reviewAuthorizationPolicy = (resource: Resource<AuthorizationPolicy>, review: Review): void => {
  const spec: AuthorizationPolicySpec = resource.object.spec ?? {};
  const { action = 'ALLOW', provider, rules = [] } = spec;
  reviewAttachment(spec, review);
  if (rules.length === 0 && (action === 'DENY' || action === 'CUSTOM')) {
    const hint = 'add an empty rule ({}) to mean every request';
    review.refuse(`${action} without rules never acts`, [spec, 'action'], hint);
  }
  if (action === 'CUSTOM') {
    if (rules.length > 0 && (provider?.name ?? '') === '') {
      review.refuse('CUSTOM needs provider.name', [spec, provider === undefined ? 'action' : 'provider']);
    }
    for (const rule of rules) reviewCustomRule(rule, review);
  } else if (provider !== undefined) {
    review.refuse(`provider works with action CUSTOM alone, not with ${action}`, [spec, 'provider', 'key']);
  }
  for (const rule of rules) {
    reviewRule(rule, review);
    if (action === 'DENY') warnOfTcp(rule, review);
  }
};

const IDENTITY_FIELDS = [
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
] as const;

const IDENTITY_KEYS: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
]);

/** An external authorizer is asked before the identity of the caller has been looked at. */
const reviewCustomRule = (rule: AuthorizationPolicyRule, review: Review): void => {
  for (const { source } of rule.from ?? []) {
    for (const key of IDENTITY_FIELDS) {
      if (source === undefined || (source[key] ?? []).length === 0) continue;
      review.refuse(`${key} does not work with action CUSTOM`, [source, key, 'key']);
    }
  }
  for (const condition of rule.when ?? []) {
    if (!IDENTITY_KEYS.has(condition.key) && !condition.key.startsWith('request.auth.')) continue;
    review.refuse(`${condition.key} does not work with action CUSTOM`, [condition, 'key']);
  }
};

const reviewRule = (rule: AuthorizationPolicyRule, review: Review): void => {
  for (const from of rule.from ?? []) {
    if (from.source === undefined) review.refuse('from needs a source', [from]);
    else reviewSource(from.source, from, review);
  }
  for (const to of rule.to ?? []) {
    if (to.operation === undefined) review.refuse('to needs an operation', [to]);
    else reviewOperation(to.operation, to, review);
  }
  for (const condition of rule.when ?? []) reviewCondition(condition, review);
};

const isAllEmpty = (value: object): boolean =>
  Object.values(value).every((items) => Array.isArray(items) && items.length === 0);

/** Reports every item of a list that a rule refuses. */
const reviewItems = (
  holder: object,
  key: string,
  items: readonly string[],
  refuse: (item: string) => string | undefined,
  review: Review,
): void => {
  items.forEach((item, index) => {
    const refusal = refuse(item);
    if (refusal !== undefined) review.refuse(`${key}: ${refusal}`, [items.length > 0 ? items : holder, index]);
  });
};

const refuseEmpty = (item: string): string | undefined => (item === '' ? 'an empty value matches nothing' : undefined);

const refuseAddress = (item: string): string | undefined =>
  (item.includes('/') ? isSubnet(item) : isIpAddress(item)) ? undefined : `"${item}" is neither an address nor a block`;

const refusePort = (item: string): string | undefined =>
  /^\d+$/.test(item) && Number(item) <= 65535 ? undefined : `"${item}" is no port number`;

const refuseServiceAccount = (item: string): string | undefined => {
  if (item === '') return 'an empty value matches nothing';
  if (item.includes('*')) return `"${item}" has a wildcard, which service accounts cannot have`;
  if (!/^[^/]+(?:\/[^/]+)?$/s.test(item)) return `"${item}" is neither NAME nor NAMESPACE/NAME`;
  return item.length > 320 ? 'a value is longer than 320 characters' : undefined;
};

const refuseWildcard = (item: string): string | undefined => {
  if (item === '') return 'an empty value matches nothing';
  const at = item.indexOf('*');
  if (at !== item.lastIndexOf('*')) return `"${item}" has more than one wildcard`;
  return at > 0 && at < item.length - 1 ? `"${item}" has a wildcard that is neither first nor last` : undefined;
};

const refuseTrustDomain = (item: string): string | undefined =>
  refuseWildcard(item) ?? (item.includes('/') ? `"${item}" holds a "/", which trust domains cannot` : undefined);

const MAX_SERVICE_ACCOUNTS = 16;

const reviewServiceAccounts = (holder: object, key: string, items: readonly string[], review: Review): void => {
  if (items.length > MAX_SERVICE_ACCOUNTS) {
    review.refuse(`${key} can have ${MAX_SERVICE_ACCOUNTS} entries at most`, [items, MAX_SERVICE_ACCOUNTS]);
  } else reviewItems(holder, key, items, refuseServiceAccount, review);
};

const reviewSource = (source: AuthorizationPolicyRuleFromSource, from: object, review: Review): void => {
  if (isAllEmpty(source)) review.refuse('a source needs at least one condition', [from, 'source', 'key']);
  for (const key of ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'] as const) {
    reviewItems(source, key, source[key] ?? [], refuseAddress, review);
  }
  for (const key of [
    'principals',
    'notPrincipals',
    'requestPrincipals',
    'notRequestPrincipals',
    'namespaces',
    'notNamespaces',
  ] as const) {
    reviewItems(source, key, source[key] ?? [], refuseEmpty, review);
  }
  for (const key of ['serviceAccounts', 'notServiceAccounts'] as const) {
    reviewServiceAccounts(source, key, source[key] ?? [], review);
  }
  for (const key of ['trustDomains', 'notTrustDomains'] as const) {
    reviewItems(source, key, source[key] ?? [], refuseTrustDomain, review);
  }
};

const reviewOperation = (operation: AuthorizationPolicyRuleToOperation, to: object, review: Review): void => {
  if (isAllEmpty(operation)) review.refuse('an operation needs at least one condition', [to, 'operation', 'key']);
  for (const key of ['ports', 'notPorts'] as const)
    reviewItems(operation, key, operation[key] ?? [], refusePort, review);
  for (const key of ['methods', 'notMethods', 'hosts', 'notHosts'] as const) {
    reviewItems(operation, key, operation[key] ?? [], refuseEmpty, review);
  }
  for (const key of ['paths', 'notPaths'] as const) {
    const refuse = (path: string): string | undefined => refuseEmpty(path) ?? refusePathTemplate(path);
    reviewItems(operation, key, operation[key] ?? [], refuse, review);
  }
};

const BRACKETED = /^[^[]+\[.+\]$/s;
const REPLACED: ReadonlyMap<string, string> = new Map([
  ['destination.namespace', 'a policy acts in its own namespace'],
  ['destination.labels', 'use the selector'],
  ['destination.name', 'use the selector'],
  ['destination.user', 'use the selector'],
]);
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.principal',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'connection.sni',
]);

const VALUE_RULES: ReadonlyMap<string, (value: string) => string | undefined> = new Map([
  ['source.ip', refuseAddress],
  ['remote.ip', refuseAddress],
  ['destination.ip', refuseAddress],
  ['destination.port', refusePort],
  ['source.serviceAccount', refuseServiceAccount],
  ['source.trustDomain', refuseWildcard],
]);

/** Why a condition's key is refused, as the end of a sentence. */
const refuseKey = (key: string): string | undefined => {
  if (VALUE_RULES.has(key) || PLAIN_KEYS.has(key)) return undefined;
  for (const prefix of ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.']) {
    if (!key.startsWith(prefix)) continue;
    return BRACKETED.test(key) ? undefined : `needs a name in brackets, such as ${prefix}[name]`;
  }
  const replaced = [...REPLACED].find(
    ([name]) => key === name || (name === 'destination.labels' && key.startsWith(name)),
  );
  return replaced === undefined ? 'is no attribute Istio knows' : `is no attribute of this API: ${replaced[1]}`;
};

const reviewCondition = (condition: AuthorizationPolicyRuleWhen, review: Review): void => {
  const { key, values = [], notValues = [] } = condition;
  const at: At = [condition, 'key'];
  if (key === '') {
    review.refuse('a condition needs a key', at);
    return;
  }
  if (values.length + notValues.length === 0) {
    review.refuse(`condition ${key} needs values or notValues`, at);
    return;
  }
  const refusal = refuseKey(key);
  if (refusal !== undefined) {
    review.refuse(`condition ${key} ${refusal}`, at);
    return;
  }
  const refuse = VALUE_RULES.get(key) ?? refuseEmpty;
  for (const [name, items] of [
    ['values', values],
    ['notValues', notValues],
  ] as const) {
    if (key === 'source.serviceAccount') reviewServiceAccounts(condition, name, items, review);
    else reviewItems(condition, name, items, (item) => refuseEmpty(item) ?? refuse(item), review);
  }
};

const TCP_SOURCE_FIELDS = [
  'principals',
  'notPrincipals',
  'ipBlocks',
  'notIpBlocks',
  'namespaces',
  'notNamespaces',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
] as const;

/** On a TCP port the HTTP conditions of a DENY rule are left out, so that the rest denies every connection. */
const warnOfTcp = (rule: AuthorizationPolicyRule, review: Review): void => {
  const sources = (rule.from ?? []).flatMap(({ source }) => source ?? []);
  const operations = (rule.to ?? []).flatMap(({ operation }) => operation ?? []);
  const hasTcpSource = sources.some((source) => TCP_SOURCE_FIELDS.some((key) => (source[key] ?? []).length > 0));
  const hasPort = operations.some(({ ports = [], notPorts = [] }) => ports.length + notPorts.length > 0);
  const isHttpOnly = operations.length > 0 ? !hasPort : sources.length > 0 && !hasTcpSource;
  if (!isHttpOnly) return;
  const message = 'the rule names HTTP conditions only: on TCP ports, where they do not count, it denies everything';
  review.warn(message, [rule]);
};

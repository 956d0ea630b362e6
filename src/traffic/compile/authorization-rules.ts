/** One rule of an AuthorizationPolicy, as requests and as connections without HTTP meet it. */
import { type Cidr, parseCidr } from '../../base/cidr.ts';
import type {
  AuthorizationPolicyRule,
  AuthorizationPolicyRuleToOperation as Operation,
  AuthorizationPolicyRuleFromSource as Source,
} from '../../model/schema/generated/types-istio.ts';
import { compileRegex } from '../regex.ts';
import type {
  AuthorizationCondition,
  AuthorizationRule,
  AuthorizationText,
  Origin,
  RequestPrincipal,
  StringMatcher,
} from '../tables.ts';
import { compilePathTemplate, isPathTemplate } from './path-template.ts';

export interface RuleContext {
  readonly name: string;
  readonly origin: Origin;
  /** Of the policy; a service account without namespace is of this one. */
  readonly namespace: string;
  /** Of the mesh: its own first, then its aliases. */
  readonly trustDomains: readonly string[];
}

type List = readonly string[] | undefined;

/** The rule for HTTP. It was found valid. */
export const compileRule = (rule: AuthorizationPolicyRule, context: RuleContext): AuthorizationRule => ({
  name: context.name,
  origin: context.origin,
  when: (rule.when ?? []).map(({ key, values, notValues }) => conditionOf(key, values, notValues, context)),
  from: (rule.from ?? []).map(({ source }) => sourceConditions(source ?? {}, context)),
  to: (rule.to ?? []).map(({ operation }) => operationConditions(operation ?? {})),
});

/**
 * The rule for connections without HTTP. As Istio has it, an ALLOW rule with a field of HTTP never matches there
 * (undefined), and any other rule loses such fields: either way less is let through.
 */
export const withoutHttp = (rule: AuthorizationRule, isAllow: boolean): AuthorizationRule | undefined => {
  const lists = [rule.when, ...rule.from, ...rule.to];
  if (!lists.some((conditions) => conditions.some(isHttpOnly))) return rule;
  if (isAllow) return undefined;
  const strip = (conditions: readonly AuthorizationCondition[]): readonly AuthorizationCondition[] =>
    conditions.filter((condition) => !isHttpOnly(condition));
  return { ...rule, when: strip(rule.when), from: rule.from.map(strip), to: rule.to.map(strip) };
};

const HTTP_ONLY: ReadonlySet<AuthorizationCondition['on']> = new Set([
  'method',
  'host',
  'path',
  'header',
  'authority',
  'target',
  'scheme',
  'request-principal',
  'claim',
]);

const isHttpOnly = ({ on }: AuthorizationCondition): boolean => HTTP_ONLY.has(on);

const sourceConditions = (source: Source, context: RuleContext): readonly AuthorizationCondition[] => [
  ...given(source.principals, source.notPrincipals, (...lists) => conditionOf('source.principal', ...lists, context)),
  ...given(source.requestPrincipals, source.notRequestPrincipals, requestPrincipals),
  ...given(source.namespaces, source.notNamespaces, (...lists) => conditionOf('source.namespace', ...lists, context)),
  ...given(source.serviceAccounts, source.notServiceAccounts, (...lists) =>
    conditionOf('source.serviceAccount', ...lists, context),
  ),
  ...given(source.trustDomains, source.notTrustDomains, (...lists) => text('trust-domain', ...lists, textMatcher)),
  ...given(source.ipBlocks, source.notIpBlocks, (...lists) => blocks('source-ip', ...lists)),
  ...given(source.remoteIpBlocks, source.notRemoteIpBlocks, (...lists) => blocks('remote-ip', ...lists)),
];

const operationConditions = (operation: Operation): readonly AuthorizationCondition[] => [
  ...given(operation.hosts, operation.notHosts, (...lists) =>
    text('host', ...lists, (host) => textMatcher(host.toLowerCase())),
  ),
  ...given(operation.ports, operation.notPorts, ports),
  ...given(operation.methods, operation.notMethods, (...lists) => text('method', ...lists, textMatcher)),
  ...given(operation.paths, operation.notPaths, (...lists) => text('path', ...lists, pathMatcher)),
];

/** The condition of a field and its `not` twin, where one of them is there. */
const given = (
  values: List,
  notValues: List,
  compile: (values: List, notValues: List) => AuthorizationCondition,
): readonly AuthorizationCondition[] =>
  (values ?? []).length === 0 && (notValues ?? []).length === 0 ? [] : [compile(values, notValues)];

const HEADER_KEY = /^request\.headers\[(.+)\]$/;

/** The condition behind a key of `when`, to which the fields of `from` are shorthands. */
const conditionOf = (key: string, values: List, notValues: List, context: RuleContext): AuthorizationCondition => {
  switch (key) {
    case 'source.ip':
      return blocks('source-ip', values, notValues);
    case 'remote.ip':
      return blocks('remote-ip', values, notValues);
    case 'destination.ip':
      return blocks('destination-ip', values, notValues);
    case 'destination.port':
      return ports(values, notValues);
    case 'connection.sni':
      return text('server-name', values, notValues, textMatcher);
    case 'source.namespace':
      return text('namespace', values, notValues, namespaceMatcher);
    case 'source.serviceAccount':
      return text('service-account', values, notValues, (account) => ({
        kind: 'exact',
        value: account.includes('/') ? account : `${context.namespace}/${account}`,
      }));
    case 'source.principal': {
      const widen = (principals: List): List => principals?.flatMap((one) => inTrustDomains(one, context.trustDomains));
      return text('principal', widen(values), widen(notValues), textMatcher);
    }
  }
  const header = HEADER_KEY.exec(key)?.[1]?.toLowerCase();
  if (header !== undefined) return headerCondition(header, values, notValues);
  if (key === 'request.auth.principal') return requestPrincipals(values, notValues);
  const path = claimOfKey(key);
  if (path !== undefined) {
    return { on: 'claim', path, values: each(values, textMatcher), notValues: each(notValues, textMatcher) };
  }
  return { on: 'metadata', values: values ?? [], notValues: notValues ?? [] };
};

/** The claim behind a key: `aud` for `request.auth.audiences`, `a`, `b` for `request.auth.claims[a][b]`. */
const claimOfKey = (key: string): readonly string[] | undefined => {
  if (key === 'request.auth.audiences') return ['aud'];
  if (key === 'request.auth.presenter') return ['azp'];
  return /^request\.auth\.claims\[(.+)\]$/.exec(key)?.[1]?.split('][');
};

/** Envoy keeps these apart from the other headers. */
const PSEUDO_HEADERS: ReadonlyMap<string, AuthorizationText> = new Map([
  ['host', 'authority'],
  [':authority', 'authority'],
  [':method', 'method'],
  [':path', 'target'],
  [':scheme', 'scheme'],
]);

const headerCondition = (name: string, values: List, notValues: List): AuthorizationCondition => {
  const pseudo = PSEUDO_HEADERS.get(name);
  if (pseudo !== undefined) return text(pseudo, values, notValues, textMatcher);
  return { on: 'header', name, values: each(values, textMatcher), notValues: each(notValues, textMatcher) };
};

const each = <Value>(list: List, compile: (value: string) => Value): readonly Value[] => (list ?? []).map(compile);

const text = (
  on: AuthorizationText,
  values: List,
  notValues: List,
  compile: (value: string) => StringMatcher,
): AuthorizationCondition => ({ on, values: each(values, compile), notValues: each(notValues, compile) });

const requestPrincipals = (values: List, notValues: List): AuthorizationCondition => ({
  on: 'request-principal',
  values: each(values, requestPrincipal),
  notValues: each(notValues, requestPrincipal),
});

/** `ISSUER/SUBJECT` at its last slash; a star at either end belongs to the part it stands at. */
const requestPrincipal = (value: string): RequestPrincipal => {
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  const any: StringMatcher = { kind: 'present' };
  if (value === '*') return { issuer: any, subject: any };
  if (value.startsWith('*')) {
    return slash < 0
      ? { issuer: any, subject: { kind: 'suffix', value: value.slice(1) } }
      : { issuer: textMatcher(issuer), subject: { kind: 'exact', value: subject } };
  }
  if (value.endsWith('*')) {
    return slash < 0
      ? { issuer: { kind: 'prefix', value: value.slice(0, -1) }, subject: any }
      : { issuer: { kind: 'exact', value: issuer }, subject: textMatcher(subject) };
  }
  return { issuer: { kind: 'exact', value: issuer }, subject: { kind: 'exact', value: subject } };
};

const ports = (values: List, notValues: List): AuthorizationCondition => ({
  on: 'destination-port',
  values: each(values, Number),
  notValues: each(notValues, Number),
});

const blocks = (
  on: 'source-ip' | 'remote-ip' | 'destination-ip',
  values: List,
  notValues: List,
): AuthorizationCondition => ({ on, values: cidrs(values), notValues: cidrs(notValues) });

const cidrs = (list: List): readonly Cidr[] =>
  (list ?? []).flatMap((block) => {
    const cidr = parseCidr(block);
    return cidr === undefined ? [] : [cidr];
  });

/** A star at the beginning counts before one at the end, and one elsewhere is a star. */
const textMatcher = (value: string): StringMatcher => {
  if (value === '*') return { kind: 'present' };
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', value: value.slice(0, -1) };
  return { kind: 'exact', value };
};

const pathMatcher = (value: string): StringMatcher =>
  isPathTemplate(value) ? compilePathTemplate(value) : textMatcher(value);

/** In namespaces every star stands for anything. */
const namespaceMatcher = (value: string): StringMatcher => {
  if (value.split('*').length <= 2 && (value === '*' || !/.\*./.test(value))) return textMatcher(value);
  const source = value
    .split('*')
    .map((part) => part.replace(/[^\w-]/g, '\\$&'))
    .join('.*');
  const regex = compileRegex(source);
  // Too long to be the name of a namespace.
  return 'refused' in regex ? { kind: 'exact', value } : { kind: 'regex', source, test: regex.test };
};

/** A principal of the mesh is meant in each of its trust domains; `cluster.local` stands for them whatever they are. */
const inTrustDomains = (principal: string, trustDomains: readonly string[]): readonly string[] => {
  const slash = principal.indexOf('/');
  const domain = slash < 0 ? '' : principal.slice(0, slash);
  if (domain !== 'cluster.local' && !trustDomains.includes(domain)) return [principal];
  return trustDomains.map((own) => `${own}${principal.slice(slash)}`);
};

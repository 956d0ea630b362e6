import { parseDuration } from '../../base/duration.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  RequestAuthenticationJwtRule as JwtRule,
  RequestAuthentication,
} from '../../model/schema/generated/types-istio.ts';
import { parseJsonObject } from '../json-object.ts';
import { plainAudience } from '../jwt.ts';
import type { KeySource, TokenPlace, TokenRule } from '../token-rules.ts';
import { indexTargeted, warnOfTargets } from './policy-target.ts';
import { originOf, type Report } from './report.ts';

type Policy = Resource<RequestAuthentication>;

interface Plan {
  readonly policy: Policy;
  readonly rules: readonly TokenRule[];
}

/** The rules about tokens at a pod's proxy, in the order of their issuers; undefined where there are none. */
export type TokenRulesOf = (pod: Pod) => readonly TokenRule[] | undefined;

/** Validates and compiles the RequestAuthentications of a mesh. Proxies under the same policies share the result. */
export const indexTokenRules = (mesh: Mesh, rootNamespace: string, report: Report): TokenRulesOf => {
  const plans = mesh.of('RequestAuthentication').flatMap((policy): readonly Plan[] => {
    const rules = (policy.object.spec?.jwtRules ?? []).map((rule) => compileRule(policy, rule, report));
    if (report.isInvalid(policy)) return [];
    warnOfTargets(policy, report);
    return [{ policy, rules }];
  });
  const known = new Map<string, readonly TokenRule[]>();
  const plansFor = indexTargeted(
    plans.filter(({ rules }) => rules.length > 0),
    ({ policy }) => policy,
    rootNamespace,
  );
  return (pod) => {
    const applying = plansFor(pod);
    if (applying.length === 0) return undefined;
    const key = applying.map(({ policy }) => policy.order).join(',');
    const found = known.get(key);
    if (found !== undefined) return found;
    const ofRoot = (plan: Plan): boolean => plan.policy.namespace === rootNamespace;
    const rules = [...applying.filter(ofRoot), ...applying.filter((plan) => !ofRoot(plan))]
      .flatMap((plan) => plan.rules)
      .sort((left, right) => (left.issuer < right.issuer ? -1 : left.issuer > right.issuer ? 1 : 0));
    known.set(key, rules);
    return rules;
  };
};

const DEFAULT_TIMEOUT_MS = 5_000;

/** Claims that are lists of words whether or not the rule says so. */
const SPACE_DELIMITED = ['scope', 'permission'];

const compileRule = (policy: Policy, rule: JwtRule, report: Report): TokenRule => {
  checkRule(policy, rule, report);
  return {
    issuer: rule.issuer ?? '',
    audiences: (rule.audiences ?? []).map(plainAudience),
    places: placesOf(rule),
    isForwarded: rule.forwardOriginalToken === true,
    payloadHeader: (rule.outputPayloadToHeader ?? '').toLowerCase(),
    claimHeaders: (rule.outputClaimToHeaders ?? []).map(({ claim, header }) => ({
      claim: claim.split('.'),
      header: header.toLowerCase(),
    })),
    spaceDelimited: new Set([...SPACE_DELIMITED, ...(rule.spaceDelimitedClaims ?? [])]),
    keys: keysOf(rule),
    origin: originOf(policy, [rule]),
  };
};

const addressOf = (rule: JwtRule): string => rule.jwksUri ?? rule.jwks_uri ?? '';

/** As Istio has it, keys in the rule come first; without keys and address the issuer is asked. */
const keysOf = (rule: JwtRule): KeySource => {
  if ((rule.jwks ?? '') !== '') return { kind: 'inline', jwks: rule.jwks ?? '' };
  const timeoutMs = (rule.timeout === undefined ? undefined : parseDuration(rule.timeout)) ?? DEFAULT_TIMEOUT_MS;
  const address = addressOf(rule);
  if (address !== '') return { kind: 'address', url: address, timeoutMs };
  const issuer = (rule.issuer ?? '').replace(/\/$/, '');
  return { kind: 'discovery', url: `${issuer}/.well-known/openid-configuration`, timeoutMs };
};

/** In the order in which Envoy looks: headers, parameters, cookies, each by name. */
const placesOf = ({ fromHeaders = [], fromParams = [], fromCookies = [] }: JwtRule): readonly TokenPlace[] => {
  if (fromHeaders.length + fromParams.length + fromCookies.length === 0) {
    return [
      { in: 'header', name: 'authorization', prefix: 'Bearer ' },
      { in: 'query', name: 'access_token' },
    ];
  }
  const headers = new Map(
    fromHeaders.map(({ name, prefix = '' }) => [
      `${name.toLowerCase()}${prefix}`,
      { name: name.toLowerCase(), prefix },
    ]),
  );
  return [
    ...[...headers.keys()].sort().flatMap((key): TokenPlace[] => {
      const header = headers.get(key);
      return header === undefined ? [] : [{ in: 'header', ...header }];
    }),
    ...[...new Set(fromParams)].sort().map((name): TokenPlace => ({ in: 'query', name })),
    ...[...new Set(fromCookies)].sort().map((name): TokenPlace => ({ in: 'cookie', name })),
  ];
};

const HEADER_NAME = /^[-_A-Za-z0-9]+$/;

/** What Istio's admission refuses. */
const checkRule = (policy: Policy, rule: JwtRule, report: Report): void => {
  const address = addressOf(rule);
  if ((rule.issuer ?? '') === '' && address === '')
    report.invalid(policy, 'a JWT rule needs issuer or jwksUri', [rule]);
  if (address !== '' && !isHttp(address)) report.invalid(policy, `jwksUri "${address}" is no URL`, [rule, 'jwksUri']);
  if ((rule.jwks ?? '') !== '' && parseJsonObject(rule.jwks ?? '') === undefined) {
    report.invalid(policy, 'jwks is not the JSON of a key set', [rule, 'jwks']);
  }
  const lists = { audiences: rule.audiences, fromParams: rule.fromParams, fromCookies: rule.fromCookies };
  for (const [field, list] of Object.entries(lists)) {
    if (list?.includes('') === true) report.invalid(policy, `${field}: an entry must not be empty`, [rule, field]);
  }
  if (rule.fromHeaders?.some(({ name }) => name === '') === true) {
    report.invalid(policy, 'fromHeaders: a header needs a name', [rule, 'fromHeaders']);
  }
  for (const entry of rule.outputClaimToHeaders ?? []) {
    if (entry.claim !== '' && HEADER_NAME.test(entry.header)) continue;
    report.invalid(policy, 'outputClaimToHeaders: an entry needs a claim and the name of a header', [entry]);
  }
};

const isHttp = (address: string): boolean => /^https?:\/\/[^/]+/.test(address);

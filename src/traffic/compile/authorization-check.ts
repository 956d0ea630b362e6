/** What Istio's admission refuses of an AuthorizationPolicy, and what of one has another effect here than in a mesh. */
import { parseCidr } from '../../base/cidr.ts';
import type { Resource } from '../../model/resource.ts';
import type { AuthorizationPolicy, AuthorizationPolicyRule } from '../../model/schema/generated/types-istio.ts';
import { isPathTemplate, pathTemplateFault } from './path-template.ts';
import type { Report } from './report.ts';

type Policy = Resource<AuthorizationPolicy>;
type Lists = Readonly<Record<string, readonly string[] | undefined>>;

/** Reports every fault; the policy is to be left out if there is one. */
export const checkPolicy = (policy: Policy, report: Report): void => {
  const { spec } = policy.object;
  const action = spec?.action ?? 'ALLOW';
  const rules = spec?.rules ?? [];
  if ((action === 'DENY' || action === 'CUSTOM') && rules.length === 0) {
    const message = `action ${action} without rules matches nothing; an empty rule {} matches everything`;
    report.invalid(policy, message, spec === undefined ? undefined : [spec, 'action']);
  }
  if (action === 'CUSTOM' && (spec?.provider?.name ?? '') === '') {
    report.invalid(policy, 'action CUSTOM needs provider.name', [spec ?? {}, 'action']);
  }
  if (action !== 'CUSTOM' && spec?.provider !== undefined) {
    report.invalid(policy, `action ${action} takes no provider`, [spec, 'provider']);
  }
  for (const [label, value] of Object.entries(spec?.selector?.matchLabels ?? {})) {
    if (!`${label}${value}`.includes('*')) continue;
    report.invalid(policy, 'a selector has no wildcards', [spec?.selector?.matchLabels ?? {}, label]);
  }
  for (const rule of rules) checkRule(policy, rule, action === 'CUSTOM', report);
};

const checkRule = (policy: Policy, rule: AuthorizationPolicyRule, isCustom: boolean, report: Report): void => {
  if (rule.from?.length === 0) report.invalid(policy, 'from needs an entry', [rule, 'from']);
  if (rule.to?.length === 0) report.invalid(policy, 'to needs an entry', [rule, 'to']);
  for (const entry of rule.from ?? []) {
    checkLists(policy, { ...entry.source }, entry.source ?? entry, 'a source', isCustom, report);
  }
  for (const entry of rule.to ?? []) {
    checkLists(policy, { ...entry.operation }, entry.operation ?? entry, 'an operation', false, report);
  }
  for (const condition of rule.when ?? []) {
    const { key, values, notValues } = condition;
    if ((values ?? []).length === 0 && (notValues ?? []).length === 0) {
      report.invalid(policy, `a condition on ${key} needs values or notValues`, [condition, 'key']);
    }
    if (!KNOWN_KEY.test(key)) report.invalid(policy, `there is no attribute "${key}"`, [condition, 'key']);
    if (isCustom && (key === 'source.namespace' || key === 'source.principal' || key.startsWith('request.auth.'))) {
      report.invalid(policy, `${key} does not go with action CUSTOM`, [condition, 'key']);
    }
    checkValues(policy, fieldOfKey(key), values, report);
    checkValues(policy, fieldOfKey(key), notValues, report);
  }
};

const KNOWN_KEY =
  /^(?:source\.(?:ip|namespace|principal|serviceAccount)|remote\.ip|destination\.(?:ip|port)|connection\.sni|request\.headers\[[^\]]+\]|request\.auth\.(?:principal|audiences|presenter|claims(?:\[[^\]]+\])+)|experimental\..+)$/;

/** Identities are not known where CUSTOM rules are matched. */
const NOT_CUSTOM = /^(?:not)?(?:namespaces|principals|requestPrincipals)$/i;

const checkLists = (
  policy: Policy,
  lists: Lists,
  holder: object,
  what: string,
  isCustom: boolean,
  report: Report,
): void => {
  const fields = Object.entries(lists).filter(([, list]) => (list ?? []).length > 0);
  if (fields.length === 0) report.invalid(policy, `${what} needs a field`, [holder]);
  for (const [field, list] of fields) {
    checkValues(policy, field, list, report);
    if (isCustom && NOT_CUSTOM.test(field)) {
      report.invalid(policy, `${field} does not go with action CUSTOM`, [holder, field]);
    }
  }
};

/** The field whose values those of a condition look like. */
const fieldOfKey = (key: string): string => {
  if (key.endsWith('.ip')) return 'ipBlocks';
  if (key === 'destination.port') return 'ports';
  return key === 'source.serviceAccount' ? 'serviceAccounts' : key;
};

const checkValues = (policy: Policy, field: string, list: readonly string[] | undefined, report: Report): void => {
  for (const [index, value] of (list ?? []).entries()) {
    const fault = value === '' ? 'an empty value matches nothing' : faultOf(field.replace(/^not/, ''), value);
    if (fault !== undefined) report.invalid(policy, `${field} "${value}": ${fault}`, [list ?? [], index]);
  }
};

const faultOf = (field: string, value: string): string | undefined => {
  switch (field.charAt(0).toLowerCase() + field.slice(1)) {
    case 'ipBlocks':
    case 'remoteIpBlocks':
      return parseCidr(value) === undefined ? 'not an address or CIDR block' : undefined;
    case 'ports':
      return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535 ? undefined : 'not a port';
    case 'serviceAccounts':
      return /^[^*/]+(?:\/[^*/]+)?$/.test(value) ? undefined : 'not NAME or NAMESPACE/NAME, and wildcards do not work';
    case 'paths':
      return isPathTemplate(value) ? pathTemplateFault(value) : undefined;
    default:
      return undefined;
  }
};

/** Warns of every place where a rule asks for what no request here has. */
export const warnOfAbsentFacts = (policy: Policy, report: Report): void => {
  const { action = 'ALLOW', rules = [] } = policy.object.spec ?? {};
  if (action === 'AUDIT') return;
  for (const condition of rules.flatMap(({ when = [] }) => when)) {
    const { key, values } = condition;
    if (!key.startsWith('experimental.')) continue;
    report.unsupportedField(policy, key, effectOf(action === 'ALLOW', (values ?? []).length === 0), [condition, 'key']);
  }
};

const effectOf = (isAllow: boolean, isNegated: boolean): string => {
  const fact = 'no request has such metadata';
  if (isNegated) {
    return `${fact}, so this holds for all of them and ${isAllow ? 'does not narrow what the rule allows' : 'requests with it are denied too'}`;
  }
  return `${fact}, so the rule ${isAllow ? 'allows none' : 'matches none, and what it denies is let through'}`;
};

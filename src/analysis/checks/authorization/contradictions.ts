import type { Resource } from '../../../model/resource.ts';
import type {
  AuthorizationPolicy,
  AuthorizationPolicyRuleFromSource as Source,
} from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { conditionsOf, effectOfMiss, type PolicyCondition } from '../../lookup/policy-lists.ts';
import { coversText } from '../../lookup/policy-text.ts';

type Policy = Resource<AuthorizationPolicy>;

/** Hosts are compared without regard to case. */
const isExcluded = ({ attribute, notValues }: PolicyCondition, value: string): boolean => {
  const fold = (text: string): string => (attribute === 'hosts' ? text.toLowerCase() : text);
  return notValues.some((pattern) => coversText(fold(pattern), fold(value)));
};

const contradicts = (
  policy: Policy,
  holder: object,
  [field, other]: readonly [string, string],
  label: string,
): Finding => {
  const span = spanOf(holder, other, 'key');
  return finding(
    'HED0060',
    policy,
    { field, other },
    {
      in: holder,
      key: field,
      part: 'key',
      labels: span === undefined ? [] : [{ span, text: label }],
      effect: `this part of the rule matches nothing: ${effectOfMiss(policy)}`,
      hint: `take out of one list what is in the other`,
    },
  );
};

/** The namespace that a principal names, `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`; undefined where a star leaves it open. */
const namespaceOf = (principal: string): string | undefined => /^[^/]+\/ns\/([^/*]+)\//.exec(principal)?.[1];

const hasInnerStar = (pattern: string): boolean => /.\*./.test(pattern) || /^\*.*\*$/.test(pattern);

function* findStrangers(policy: Policy, source: Source): Iterable<Finding> {
  const { principals = [], namespaces = [] } = source;
  if (principals.length === 0 || namespaces.length === 0 || namespaces.some(hasInnerStar)) return;
  const meets = (principal: string): boolean => {
    const namespace = namespaceOf(principal);
    return namespace === undefined || namespaces.some((pattern) => coversText(pattern, namespace));
  };
  if (principals.some(meets)) return;
  yield contradicts(policy, source, ['principals', 'namespaces'], 'no principal of the list is of these');
}

/** Conditions of one rule that exclude each other. */
export const contradictions = defineCheck({
  name: 'heddle.AuthorizationContradictions',
  summary: 'Authorization rules whose conditions exclude each other, so that no request matches.',
  emits: ['HED0060'],
  *run({ mesh }) {
    for (const policy of mesh.of('AuthorizationPolicy')) {
      for (const rule of policy.object.spec?.rules ?? []) {
        for (const condition of conditionsOf(rule)) {
          const { holder, field, notField, values } = condition;
          if (values.length === 0 || !values.every((value) => isExcluded(condition, value))) continue;
          yield contradicts(policy, holder, [field, notField], 'excludes all of them');
        }
        for (const { source } of rule.from ?? []) if (source !== undefined) yield* findStrangers(policy, source);
      }
    }
  },
});

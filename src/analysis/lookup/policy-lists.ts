import type { Resource } from '../../model/resource.ts';
import type { AuthorizationPolicy, AuthorizationPolicyRule } from '../../model/schema/generated/types-istio.ts';

/** A condition of a rule: one of `values` must hold, if there are any, and none of `notValues`. */
export interface PolicyCondition {
  /** The source, operation or `when` entry; `holder[field]` and `holder[notField]` are the lists. */
  readonly holder: object;
  /** As the API names it: `paths`, or `values` of a `when`. */
  readonly field: string;
  readonly notField: string;
  /** What is compared: the field, or the key of a `when`. */
  readonly attribute: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

const PAIRS = [
  ['principals', 'notPrincipals'],
  ['requestPrincipals', 'notRequestPrincipals'],
  ['namespaces', 'notNamespaces'],
  ['serviceAccounts', 'notServiceAccounts'],
  ['trustDomains', 'notTrustDomains'],
  ['ipBlocks', 'notIpBlocks'],
  ['remoteIpBlocks', 'notRemoteIpBlocks'],
  ['hosts', 'notHosts'],
  ['ports', 'notPorts'],
  ['methods', 'notMethods'],
  ['paths', 'notPaths'],
] as const;

const conditionsIn = (holder: object): readonly PolicyCondition[] => {
  const lists: Readonly<Record<string, readonly string[] | undefined>> = { ...holder };
  return PAIRS.flatMap(([field, notField]) => {
    const [values = [], notValues = []] = [lists[field], lists[notField]];
    return values.length + notValues.length === 0
      ? []
      : [{ holder, field, notField, attribute: field, values, notValues }];
  });
};

/** The conditions of one rule, in the order from, to, when. */
export const conditionsOf = ({
  from = [],
  to = [],
  when = [],
}: AuthorizationPolicyRule): readonly PolicyCondition[] => [
  ...from.flatMap(({ source }) => (source === undefined ? [] : conditionsIn(source))),
  ...to.flatMap(({ operation }) => (operation === undefined ? [] : conditionsIn(operation))),
  ...when.map((holder) => ({
    holder,
    field: 'values',
    notField: 'notValues',
    attribute: holder.key,
    values: holder.values ?? [],
    notValues: holder.notValues ?? [],
  })),
];

const MISSES = {
  ALLOW: 'it allows no request',
  DENY: 'it denies no request',
  AUDIT: 'it marks no request',
  CUSTOM: 'it sends no request to the authorizer',
} as const;

/** What comes of something in a policy that matches no request, to follow a colon. */
export const effectOfMiss = ({ object }: Resource<AuthorizationPolicy>): string =>
  MISSES[object.spec?.action ?? 'ALLOW'];

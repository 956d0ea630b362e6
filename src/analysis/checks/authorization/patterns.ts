import type { Resource } from '../../../model/resource.ts';
import type { AuthorizationPolicy } from '../../../model/schema/generated/types-istio.ts';
import { setText } from '../../../yaml/edit.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { conditionsOf, effectOfMiss, type PolicyCondition } from '../../lookup/policy-lists.ts';
import { offerFix } from '../../offer-fix.ts';

/** What is wrong with a value as a text to match, and what to write instead. */
interface Misreading {
  readonly reason: string;
  readonly hint: string;
  readonly replacement?: string;
}

/** A star that is neither the first nor the last character, or is the last after a first. */
const plainStar = (value: string): boolean => value.slice(value.startsWith('*') ? 1 : 0, -1).includes('*');
const hasTwoEnds = (value: string): boolean => value.length > 1 && value.startsWith('*') && value.endsWith('*');

const STAR: Misreading = {
  reason: 'a * counts at the beginning or at the end, not at both and not within',
  hint: 'write one * at one end',
};

const readStars = (value: string): Misreading | undefined => (plainStar(value) || hasTwoEnds(value) ? STAR : undefined);

/** What no path has and a regular expression does: `.*` or `.+` as a whole segment, classes, escapes, anchors. */
const REGEX = /(?:\/|\))\.[*+](?:\/|\$|$)|\[[^\]]+\][*+{]|\\[.dws/]|^\^|\$$|\([^()]*\|[^()]*\)/;

const readPath = (value: string): Misreading | undefined => {
  if (REGEX.test(value)) {
    const hint = 'write /prefix/* or a template such as /users/{*}/orders';
    return { reason: 'paths are no regular expressions', hint };
  }
  // Templates have stars of their own.
  if (value.includes('{')) return undefined;
  const cut = /[?#]/.exec(value)?.[0];
  if (cut !== undefined) {
    const reason = cut === '?' ? 'the query is no part of the path' : 'a fragment is cut off before';
    return { reason, hint: `leave out everything from the ${cut} on` };
  }
  const stars = readStars(value);
  if (stars !== undefined) return { ...stars, hint: 'use a template: {*} is one segment, {**} any number' };
  if (value.startsWith('/') || value.startsWith('*') || value === '') return undefined;
  return { reason: 'every path begins with /', hint: `write "/${value}"`, replacement: `/${value}` };
};

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
]);

const readMethod = (value: string): Misreading | undefined => {
  const upper = value.toUpperCase();
  if (value === upper || !METHODS.has(upper)) return undefined;
  return { reason: 'methods are compared with regard to case', hint: `write "${upper}"`, replacement: upper };
};

const READERS: ReadonlyMap<string, (value: string) => Misreading | undefined> = new Map([
  ['paths', readPath],
  ['methods', readMethod],
  ['hosts', readStars],
  ['principals', readStars],
  ['requestPrincipals', readStars],
  ['source.principal', readStars],
]);

function* findMisread(policy: Resource<AuthorizationPolicy>, condition: PolicyCondition): Iterable<Finding> {
  const { attribute, field, notField, values, notValues } = condition;
  const read = READERS.get(attribute);
  if (read === undefined) return;
  for (const [name, list] of [
    [field, values],
    [notField, notValues],
  ] as const) {
    for (const [key, value] of list.entries()) {
      const misread = read(value);
      if (misread === undefined) continue;
      const { reason, hint, replacement } = misread;
      yield finding(
        'HED0061',
        policy,
        { field: name, value, reason },
        {
          in: list,
          key,
          effect:
            list === values ? `no request has it: ${effectOfMiss(policy)}` : 'no request has it: nothing is excluded',
          hint,
          ...(replacement !== undefined &&
            offerFix(`write ${replacement}`, 'unsafe', [setText(list, key, replacement)])),
        },
      );
    }
  }
}

/** Values that somebody meant as a pattern, and Istio takes as they are. */
export const patterns = defineCheck({
  name: 'heddle.AuthorizationPatterns',
  summary: 'Paths, methods, hosts and principals of authorization rules that no request can have.',
  emits: ['HED0061'],
  *run({ mesh }) {
    for (const policy of mesh.of('AuthorizationPolicy')) {
      for (const condition of (policy.object.spec?.rules ?? []).flatMap(conditionsOf)) {
        yield* findMisread(policy, condition);
      }
    }
  },
});

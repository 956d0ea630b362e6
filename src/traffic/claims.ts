/** What policies and routes ask of a verified token's claims. */
import { matchesString } from './string-matcher.ts';
import type { StringMatcher } from './tables.ts';
import type { Claims } from './token-rules.ts';

/** The value at a path of keys; undefined where a key is missing. */
export const claimAt = (claims: Claims | undefined, path: readonly string[]): unknown => {
  let value: unknown = claims;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = (value as Claims)[key];
  }
  return value;
};

/** Whether a claim is such a text, or a list with such a text in it. An absent claim never is. */
export const claimMatches = (claims: Claims | undefined, path: readonly string[], matcher: StringMatcher): boolean => {
  const value = claimAt(claims, path);
  if (typeof value === 'string') return textMatches(matcher, value);
  return Array.isArray(value) && value.some((one) => typeof one === 'string' && textMatches(matcher, one));
};

/** Any text but none at all is what a lone star stands for. */
const textMatches = (matcher: StringMatcher, text: string): boolean =>
  matchesString(matcher, text) && (matcher.kind !== 'present' || text !== '');

import type { StringMatcher } from '../tables.ts';
import type { AskedRequest } from './explanation.ts';

/** Another request, and what a caller does to make it of the one that was asked. */
export interface Mutation {
  /** `add header end-user: jason`, imperative; several joined by `and`. */
  readonly change: string;
  /** Rank among equals: what a caller changes most easily comes first. */
  readonly effort: number;
  readonly asked: AskedRequest;
}

/** The request with one line of a header, or with none. */
export const withHeader = (asked: AskedRequest, name: string, value: string | undefined): AskedRequest => ({
  ...asked,
  headers: [
    ...asked.headers.filter(([other]) => other !== name),
    ...(value === undefined ? [] : [[name, value] as const]),
  ],
});

/** A value that a matcher takes; undefined for a regex that is not easily satisfied. */
export const sampleOf = (matcher: StringMatcher | undefined): string | undefined => {
  if (matcher === undefined || matcher.kind === 'present') return 'x';
  if (matcher.kind !== 'regex') return matcher.value;
  const plain = matcher.source
    .replace(/^\^|\$$/g, '')
    .replace(/\(\?i\)/g, '')
    .replace(/\(([^()|]*)[^()]*\)[*+?]?/g, '$1')
    .replace(/\[\^[^\]]*\][*+?]?|\.[*+]\??/g, 'x')
    .replace(/\[0-9\][*+?]?|\\d[*+?]?/g, '1')
    .replace(/\[([^\]])[^\]]*\][*+?]?/g, '$1')
    .replace(/\\(.)/g, '$1');
  return matcher.test(plain) ? plain : undefined;
};

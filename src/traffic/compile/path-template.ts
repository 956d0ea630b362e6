/** Path templates of AuthorizationPolicies: `{*}` is one segment, `{**}` any number of them. */
import { compileRegex } from '../regex.ts';
import type { StringMatcher } from '../tables.ts';

/** What Envoy's URI templates let a wildcard stand for; a percent-encoded slash separates nothing. */
const SEGMENT = "[\\w.~%!$&'()+,;:@=-]+";
const REST = "[\\w.~%!$&'()+,;:@=/-]*";

export const isPathTemplate = (path: string): boolean => path.includes('{*}') || path.includes('{**}');

/** Why Istio's admission refuses a template; undefined for a good one. */
export const pathTemplateFault = (path: string): string | undefined => {
  let hasRest = false;
  for (const segment of path.split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (hasRest) return '{**} must be the last wildcard';
      hasRest = segment === '{**}';
    } else if (/[{}*]/.test(segment)) {
      return 'a wildcard must be a whole segment, {*} or {**}';
    }
  }
  const regex = compileRegex(sourceOf(path));
  return 'refused' in regex ? regex.refused : undefined;
};

/** Compiles a template that has no fault. */
export const compilePathTemplate = (path: string): StringMatcher => {
  const regex = compileRegex(sourceOf(path));
  return 'refused' in regex
    ? { kind: 'exact', value: path }
    : { kind: 'regex', source: regex.source, test: regex.test };
};

const sourceOf = (path: string): string =>
  path
    .split('/')
    .map((segment) => {
      if (segment === '{*}') return SEGMENT;
      return segment === '{**}' ? REST : segment.replace(/[^\w-]/g, '\\$&');
    })
    .join('/');

import type { RulePlan } from '../../traffic/compile/rule-plan.ts';
import { matchesString } from '../../traffic/string-matcher.ts';
import type { HeaderMatcher, QueryMatcher, RouteMatch, StringMatcher } from '../../traffic/tables.ts';

/** The conditions of one match: on the proxy and its listener, and on the request. */
export type MatchPlan = Pick<RulePlan, 'match' | 'conditions'>;

/** Every path begins so (but for `OPTIONS *`, which Istio forgets as well where a prefix `/` makes it drop what follows). */
const ANY_PATH: StringMatcher = { kind: 'prefix', value: '/' };

/**
 * Whether a match takes everything that another takes, at the listeners of `gateways` (those of the VirtualService). Only
 * what is proved counts: regular expressions are compared by text and by the literal text they begin with.
 */
export const covers = (wide: MatchPlan, narrow: MatchPlan, gateways: readonly string[]): boolean =>
  coversProxies(wide, narrow, gateways) && coversRequests(wide.match, narrow.match);

/** The request's part of `covers`. */
export const coversRequests = (wide: RouteMatch, narrow: RouteMatch): boolean =>
  coversPath(wide, narrow) &&
  (['method', 'authority', 'scheme'] as const).every((field) => coversField(wide[field], narrow[field])) &&
  wide.headers.every((header) => narrow.headers.some((other) => coversHeader(header, other))) &&
  wide.query.every((query) => narrow.query.some((other) => coversQuery(query, other)));

const coversProxies = (wide: MatchPlan, narrow: MatchPlan, gateways: readonly string[]): boolean => {
  const { port, sourceLabels = {}, sourceNamespace, gateways: own } = wide.conditions;
  const other = narrow.conditions;
  if (port !== undefined && port !== other.port) return false;
  if (own.length > 0) {
    return (other.gateways.length > 0 ? other.gateways : gateways).every((gateway) => own.includes(gateway));
  }
  const labels = Object.entries(sourceLabels);
  if (labels.length === 0 && sourceNamespace === undefined) return true;
  // A match that names gateways asks nothing of the source, whatever it says of it.
  if (other.gateways.length > 0) return false;
  return (
    labels.every(([name, value]) => other.sourceLabels?.[name] === value) &&
    (sourceNamespace === undefined || sourceNamespace === other.sourceNamespace)
  );
};

const coversField = (wide: StringMatcher | undefined, narrow: StringMatcher | undefined): boolean =>
  wide === undefined || (narrow !== undefined && coversString(wide, narrow));

const coversString = (wide: StringMatcher, narrow: StringMatcher): boolean => {
  if (wide.kind === 'present' || (wide.kind === 'regex' && wide.source === '.*')) return true;
  if (narrow.kind === 'exact') return matchesString(wide, narrow.value);
  if (wide.kind === 'regex' && narrow.kind === 'regex' && wide.source === narrow.source) return true;
  const prefix = prefixOf(wide);
  return prefix !== undefined && startOf(narrow).startsWith(prefix);
};

/** With `ignoreCase` the value is lower case already; it means nothing to a regular expression. */
const isFolded = ({ ignoreCase, path }: RouteMatch): boolean => ignoreCase && path?.kind !== 'regex';

const isCaseless = (text: string | undefined): boolean =>
  text !== undefined && text.toLowerCase() === text.toUpperCase();

const coversPath = (wide: RouteMatch, narrow: RouteMatch): boolean => {
  if (wide.path === undefined) return true;
  const path = narrow.path === undefined || narrow.path.kind === 'present' ? ANY_PATH : narrow.path;
  if (isFolded(wide)) {
    const value = startOf(path).toLowerCase();
    return coversString(wide.path, { kind: path.kind === 'exact' ? 'exact' : 'prefix', value });
  }
  if (isFolded(narrow) && !isCaseless(wide.path.kind === 'exact' ? wide.path.value : prefixOf(wide.path))) return false;
  return coversString(wide.path, path);
};

const coversHeader = (wide: HeaderMatcher, narrow: HeaderMatcher): boolean => {
  if (wide.name !== narrow.name || wide.invert !== narrow.invert) return false;
  if (!wide.invert) return coversString(wide.value, narrow.value);
  // Excluding less takes more; each says for itself whether absence will do.
  return coversString(narrow.value, wide.value) && (wide.matchesAbsent || !narrow.matchesAbsent);
};

const coversQuery = (wide: QueryMatcher, narrow: QueryMatcher): boolean =>
  wide.name === narrow.name && coversString(wide.value, narrow.value);

/** Text without a meaning of its own in a regular expression. */
const LITERAL = /^(?:[\w/~-]|\\[./-])*/;

const unescaped = (literal: string): string => literal.replaceAll('\\', '');

/** The prefix a pattern asks for if it asks for nothing else: `/api/.*` as well as a prefix. */
export const prefixOf = (pattern: StringMatcher): string | undefined => {
  if (pattern.kind === 'prefix') return pattern.value;
  if (pattern.kind === 'present') return '';
  if (pattern.kind !== 'regex') return undefined;
  const literal = LITERAL.exec(pattern.source)?.[0] ?? '';
  return pattern.source.slice(literal.length) === '.*' ? unescaped(literal) : undefined;
};

/** What every text that the pattern takes begins with. */
export const startOf = (pattern: StringMatcher): string => {
  if (pattern.kind === 'exact' || pattern.kind === 'prefix' || pattern.kind === 'segment-prefix') return pattern.value;
  if (pattern.kind !== 'regex' || pattern.source.includes('|')) return '';
  const literal = LITERAL.exec(pattern.source)?.[0] ?? '';
  const isLastOptional = /^[*?{]/.test(pattern.source.slice(literal.length));
  return unescaped(isLastOptional ? literal.replace(/\\?.$/, '') : literal);
};

import type {
  StringMatch,
  VirtualServiceHttp,
  VirtualServiceHttpMatch,
  VirtualServiceSpec,
} from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';

interface Rule {
  readonly name?: string;
  readonly match?: readonly object[];
}

/** How Istio names a rule or a match in its messages: by its name in quotes, else by its position from 0. */
const label = (item: { readonly name?: unknown }, index: number): string =>
  typeof item.name === 'string' && item.name !== '' ? `"${item.name}"` : `#${index}`;

/** Rules behind others that take the same requests, as far as equal matches and prefixes can tell. */
export const reviewReachability = (spec: VirtualServiceSpec, review: Review): void => {
  reviewDuplicates(spec.http ?? [], review);
  reviewPrefixes(spec.http ?? [], review);
  reviewDuplicates(spec.tcp ?? [], review);
  reviewDuplicates(spec.tls ?? [], review);
};

/** The same text for equal conditions, whatever the order of keys; a match's name is no condition. */
const canonical = (value: unknown, isMatch = false): string => {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value).filter(([key]) => !(isMatch && key === 'name'));
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
};

const reviewDuplicates = (rules: readonly Rule[], review: Review): void => {
  const seen = new Map<string, number>();
  let isAllTaken = false;
  rules.forEach((rule, index) => {
    const matches = rule.match ?? [];
    const name = label(rule, index);
    if (matches.length === 0) {
      if (isAllTaken) review.unreachable(name, 'only the last rule can be without matches', [rule]);
      isAllTaken = true;
      return;
    }
    let duplicates = 0;
    matches.forEach((match, matchIndex) => {
      if (isAllTaken) {
        review.unreachable(name, 'a rule without matches comes before it', [matches, matchIndex]);
        return;
      }
      const identity = canonical(match, true);
      const earlier = seen.get(identity);
      if (earlier === undefined) {
        seen.set(identity, index);
        return;
      }
      duplicates++;
      const earlierName = label(rules[earlier] ?? {}, earlier);
      review.ineffective(name, label(match, matchIndex), earlierName, [matches, matchIndex]);
    });
    if (duplicates === matches.length) review.unreachable(name, 'earlier rules have all its matches', [rule]);
  });
};

/** A match on a prefix of the path, with its other conditions as texts that can be compared. */
interface PrefixMatch {
  readonly rule: string;
  readonly name: string;
  readonly match: VirtualServiceHttpMatch;
  readonly prefix: string;
  readonly port: number;
  readonly method: string;
  readonly authority: string;
  readonly maps: readonly ReadonlyMap<string, string>[];
}

const conditionOf = (pattern: StringMatch | undefined): string => {
  if ((pattern?.exact ?? '') !== '') return `exact:${pattern?.exact}`;
  return (pattern?.prefix ?? '') === '' ? '' : `prefix:${pattern?.prefix}`;
};

const prefixMatches = (routes: readonly VirtualServiceHttp[]): readonly PrefixMatch[] => {
  const found: PrefixMatch[] = [];
  const seen = new Set<string>();
  for (const [index, route] of routes.entries()) {
    const matches = route.match ?? [];
    // Rules behind one without matches were reported as unreachable.
    if (matches.length === 0) return found;
    matches.forEach((match, matchIndex) => {
      const prefix = match.uri?.prefix ?? '';
      const identity = canonical(match, true);
      if (prefix === '' || seen.has(identity)) return;
      seen.add(identity);
      const maps = [match.headers, match.queryParams, match.withoutHeaders].map(
        (patterns = {}) => new Map(Object.entries(patterns).map(([key, pattern]) => [key, conditionOf(pattern)])),
      );
      found.push({
        rule: label(route, index),
        name: label(match, matchIndex),
        match,
        prefix,
        port: match.port ?? 0,
        // Without a method Istio compares as if it were GET.
        method: conditionOf(match.method) || 'exact:GET',
        authority: conditionOf(match.authority),
        maps,
      });
    });
  }
  return found;
};

const coversMap = (earlier: ReadonlyMap<string, string>, later: ReadonlyMap<string, string>): boolean =>
  earlier.size === later.size &&
  [...earlier].every(([key, condition]) => {
    const other = later.get(key);
    return other !== undefined && condition.startsWith(other);
  });

/** The prefix of the later match is known to go on behind that of the earlier. */
const covers = (earlier: PrefixMatch, later: PrefixMatch): boolean =>
  later.port === earlier.port &&
  earlier.method.startsWith(later.method) &&
  earlier.authority.startsWith(later.authority) &&
  earlier.maps.every((map, index) => coversMap(map, later.maps[index] ?? new Map()));

/** More pairs of one match say nothing new, and a long list of prefixes has many. */
const MAX_PAIRS = 10;

const reviewPrefixes = (routes: readonly VirtualServiceHttp[], review: Review): void => {
  const byPrefix = new Map<string, PrefixMatch[]>();
  for (const later of prefixMatches(routes)) {
    let pairs = 0;
    for (let length = 1; length < later.prefix.length && pairs < MAX_PAIRS; length++) {
      for (const earlier of byPrefix.get(later.prefix.slice(0, length)) ?? []) {
        if (pairs >= MAX_PAIRS || !covers(earlier, later)) continue;
        pairs++;
        const match = `${later.name} (prefix ${later.prefix})`;
        const other = `${earlier.rule} (match ${earlier.name}, prefix ${earlier.prefix})`;
        review.ineffective(later.rule, match, other, [later.match, 'uri']);
      }
    }
    const same = byPrefix.get(later.prefix);
    if (same === undefined) byPrefix.set(later.prefix, [later]);
    else same.push(later);
  }
};

/**
 * Local rate limits (Envoy's local_ratelimit filter): buckets of tokens, which of them a request takes a token from, and
 * whether there is one. Buckets fill evenly, not by leaps. Levels are the proxy's and outlive tables; time is an argument.
 */
import type { HeaderChange, HeaderLine } from './authorizer.ts';
import type { RequestHead } from './request.ts';
import { headerMatches, queryValue } from './route.ts';
import type { HeaderMatcher, Origin, Route } from './tables.ts';

export interface TokenBucket {
  /** Names what it holds across reloads: its place in the configuration, and its size. */
  readonly id: string;
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  readonly fillMs: number;
}

/** One configuration of the filter. */
export interface RateLimit {
  readonly origin: Origin;
  /** Absent = only descriptors limit. */
  readonly bucket?: TokenBucket;
  /** 0..100 of requests that are counted, and of those beyond the limit that are refused. */
  readonly enabledPercent: number;
  readonly enforcedPercent: number;
  readonly status: number;
  readonly responseHeaders: readonly HeaderChange[];
  /** Of requests that are beyond the limit and pass all the same. */
  readonly requestHeaders: readonly HeaderChange[];
  readonly descriptors: readonly RateLimitDescriptor[];
  /** Absent = those of the route and its virtual host. */
  readonly templates?: readonly DescriptorTemplate[];
  readonly stage: number;
  readonly isPerConnection: boolean;
  readonly tellsRemaining: boolean;
  /** Requests with a bucket of a descriptor take from the common one, too. */
  readonly alwaysUsesBucket: boolean;
  readonly grpcStatus?: number;
}

interface RateLimitDescriptor {
  readonly entries: readonly HeaderLine[];
  readonly bucket: TokenBucket;
}

/** Describes requests: one entry a part, and no description where a part has none. */
export interface DescriptorTemplate {
  readonly stage: number;
  readonly parts: readonly DescriptorPart[];
}

export type DescriptorPart =
  | { readonly kind: 'constant'; readonly key: string; readonly value: string }
  | { readonly kind: 'header' | 'query'; readonly key: string; readonly name: string; readonly isOptional: boolean }
  | { readonly kind: 'remote-address' | 'cluster'; readonly key: string }
  | {
      readonly kind: 'headers';
      readonly key: string;
      readonly value: string;
      readonly matchers: readonly HeaderMatcher[];
      readonly isExpected: boolean;
    }
  /** Of a kind that is not carried. */
  | { readonly kind: 'none' };

/** The filter at one place of a proxy. */
export interface RateLimitFilter {
  readonly name: string;
  readonly direction: 'inbound' | 'outbound' | 'gateway';
  /** Absent = all. */
  readonly port?: number;
  /** Asked before tokens and policies are; otherwise last of all. */
  readonly isFirst: boolean;
  readonly limit: RateLimit;
}

/** What a route says of rate limits. */
export interface RouteRateLimits {
  /** In place of the filter's own configuration, by the filter's name. */
  readonly limits: ReadonlyMap<string, RateLimit>;
  readonly templates: readonly DescriptorTemplate[];
}

/** The rate limits of one proxy. */
export interface RateLimits {
  /** In the order in which requests meet them. */
  readonly filters: readonly RateLimitFilter[];
  readonly routes: ReadonlyMap<Route, RouteRateLimits>;
}

/** What is in buckets, by their id and where they are used. */
export type BucketLevels = Map<string, { tokens: number; atMs: number }>;

/** The limit that a filter applies to requests of a route. */
export const limitFor = (
  { routes }: RateLimits,
  { name, limit }: RateLimitFilter,
  route: Route | undefined,
): RateLimit => (route === undefined ? undefined : routes.get(route)?.limits.get(name)) ?? limit;

/** What descriptions are made of besides the request itself. */
export interface DescriptorFacts {
  readonly request: RequestHead;
  /** As far as X-Forwarded-For is believed. */
  readonly remoteAddress: string;
  /** Empty when the request does not go to one. */
  readonly cluster: string;
}

/** How a request is described to a limit that tells requests apart. Envoy describes only those that go to a cluster. */
export const describeRequest = (
  { templates, descriptors, stage }: RateLimit,
  ofRoute: RouteRateLimits | undefined,
  facts: DescriptorFacts,
): readonly (readonly HeaderLine[])[] => {
  if (descriptors.length === 0 || (templates === undefined && facts.cluster === '')) return [];
  const seen = { ...facts, request: withPseudoHeaders(facts.request) };
  return (templates ?? ofRoute?.templates ?? []).flatMap((template) => {
    if (template.stage !== stage) return [];
    const entries = template.parts.map((part) => entryOf(part, seen));
    // One that is left out leaves the others; one that is missing takes all.
    const present = entries.flatMap((entry) => (entry === 'missing' || entry === 'left out' ? [] : [entry]));
    return entries.includes('missing') || present.length === 0 ? [] : [present];
  });
};

const entryOf = (
  part: DescriptorPart,
  { request, remoteAddress, cluster }: DescriptorFacts,
): HeaderLine | 'missing' | 'left out' => {
  switch (part.kind) {
    case 'constant':
      return [part.key, part.value];
    case 'header':
    case 'query': {
      const value = part.kind === 'header' ? headerText(request, part.name) : queryValue(request.path, part.name);
      if (value !== undefined && (value !== '' || part.kind === 'query')) return [part.key, value];
      return part.isOptional ? 'left out' : 'missing';
    }
    case 'remote-address':
      return [part.key, remoteAddress];
    case 'cluster':
      return cluster === '' ? 'missing' : [part.key, cluster];
    case 'headers': {
      const isMatch = part.matchers.every((matcher) => headerMatches(matcher, request));
      return isMatch === part.isExpected ? [part.key, part.value] : 'missing';
    }
    case 'none':
      return 'missing';
  }
};

const headerText = (request: RequestHead, name: string): string | undefined => {
  const lines = request.headerValues(name);
  return lines.length === 0 ? undefined : lines.join(',');
};

/** The request with the names that Envoy has for the parts of its first line. */
const withPseudoHeaders = (request: RequestHead): RequestHead => {
  const { method, path, authority, scheme } = request;
  const pseudo = new Map([
    [':method', method],
    [':path', path],
    [':authority', authority],
    ['host', authority],
    [':scheme', scheme],
  ]);
  const headerValues = (name: string): readonly string[] => {
    const value = pseudo.get(name);
    return value === undefined ? request.headerValues(name) : [value];
  };
  return { method, path, authority, scheme, headerValues, claims: request.claims };
};

export interface LimitDecision {
  readonly isAllowed: boolean;
  /** Of the bucket that decided, for whoever may be told. */
  readonly told?: { readonly limit: number; readonly remaining: number; readonly resetSeconds: number };
}

/** Takes the tokens of a request, the scarcest first. `scope` tells apart the places that have buckets of their own. */
export const takeTokens = (
  limit: RateLimit,
  described: readonly (readonly HeaderLine[])[],
  levels: BucketLevels,
  scope: string,
  nowMs: number,
): LimitDecision => {
  const matched = limit.descriptors
    .filter(({ entries }) => described.some((description) => isSame(description, entries)))
    .map(({ bucket }) => bucket)
    .sort((left, right) => fillPerMs(left) - fillPerMs(right));
  const usesCommon = limit.bucket !== undefined && (matched.length === 0 || limit.alwaysUsesBucket);
  const buckets = usesCommon ? [...matched, limit.bucket] : matched;
  for (const bucket of buckets) {
    if (!takeToken(bucket, levels, scope, nowMs)) return { isAllowed: false, told: tell(bucket, levels, scope) };
  }
  const [first] = buckets;
  return first === undefined ? { isAllowed: true } : { isAllowed: true, told: tell(first, levels, scope) };
};

const isSame = (left: readonly HeaderLine[], right: readonly HeaderLine[]): boolean =>
  left.length === right.length &&
  left.every(([key, value], at) => right[at]?.[0] === key && (right[at]?.[1] === value || right[at]?.[1] === ''));

const fillPerMs = ({ tokensPerFill, fillMs }: TokenBucket): number => tokensPerFill / fillMs;

const takeToken = (bucket: TokenBucket, levels: BucketLevels, scope: string, nowMs: number): boolean => {
  const key = `${scope} ${bucket.id}`;
  const known = levels.get(key) ?? { tokens: bucket.maxTokens, atMs: nowMs };
  const tokens = Math.min(bucket.maxTokens, known.tokens + (nowMs - known.atMs) * fillPerMs(bucket));
  levels.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
  return tokens >= 1;
};

const tell = (bucket: TokenBucket, levels: BucketLevels, scope: string): NonNullable<LimitDecision['told']> => {
  const tokens = levels.get(`${scope} ${bucket.id}`)?.tokens ?? bucket.maxTokens;
  const waitMs = tokens >= 1 ? 0 : (1 - tokens) / fillPerMs(bucket);
  return { limit: bucket.maxTokens, remaining: Math.floor(tokens), resetSeconds: Math.round(waitMs / 1000) };
};

import { limitFor, type RateLimit, type RateLimitFilter, type TokenBucket } from '../rate-limit.ts';
import type { ProxyTables, Route } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import type { TracedStep } from './explanation.ts';

/** Where a request meets limits. */
interface Place {
  readonly direction: RateLimitFilter['direction'];
  readonly port: number;
  readonly route: Route | undefined;
}

/** The rate limits that a request meets before policies are asked (`isFirst`) or after them. How full they are, only a running mesh knows. */
export const limitSteps = (
  { rateLimits }: ProxyTables,
  { direction, port, route }: Place,
  isFirst: boolean,
): readonly TracedStep[] => {
  if (rateLimits === undefined) return [];
  return rateLimits.filters.flatMap((filter) => {
    const isHere = filter.direction === direction && (filter.port === undefined || filter.port === port);
    return isHere && filter.isFirst === isFirst ? stepOf(limitFor(rateLimits, filter, route)) : [];
  });
};

const stepOf = (limit: RateLimit): readonly TracedStep[] => {
  const { bucket, descriptors, origin, status, enabledPercent, enforcedPercent } = limit;
  if (enabledPercent === 0 || (bucket === undefined && descriptors.length === 0)) return [];
  const buckets = [
    ...descriptors.map(({ entries, bucket: own }) => {
      const what = entries.map(([key, value]) => (value === '' ? `each ${key}` : `${key} ${value}`)).join(', ');
      return `${bucketText(own)} for ${what}`;
    }),
    ...(bucket === undefined ? [] : [bucketText(bucket)]),
  ];
  const whose = limit.isPerConnection ? ' of each connection' : '';
  const refused = enforcedPercent === 0 ? 'requests beyond it pass' : `requests beyond it are answered ${status}`;
  const share = enabledPercent < 100 ? `, for ${enabledPercent} % of requests` : '';
  return [
    {
      stage: 'rate limit',
      decision: `${buckets.join('; ')}${whose}${share}: ${refused}; assumed: there is a token`,
      ...sourceOf(origin),
      ...(enforcedPercent === 0 ? {} : { assumes: `the rate limit of ${origin.resource} has a token` }),
    },
  ];
};

const bucketText = ({ maxTokens, tokensPerFill, fillMs }: TokenBucket): string =>
  `a bucket of ${maxTokens} ${maxTokens === 1 ? 'token' : 'tokens'}, ${tokensPerFill} more every ${fillMs / 1000} s`;

import type { RequestHead } from './request.ts';
import { matchesString } from './string-matcher.ts';
import type { CorsPolicy } from './tables.ts';

export type CorsDecision =
  /** Nothing to do: no origin, a foreign one, or no policy. */
  | { readonly kind: 'none' }
  /** The proxy answers the preflight itself: 200 without body. */
  | { readonly kind: 'preflight'; readonly headers: readonly (readonly [name: string, value: string])[] }
  /** Forward; set these on the response. */
  | { readonly kind: 'actual'; readonly headers: readonly (readonly [name: string, value: string])[] };

const NONE: CorsDecision = { kind: 'none' };

/**
 * Decides as Envoy's CORS filter does. A preflight of a matching origin is answered whatever it asks for; one of a
 * foreign origin is forwarded unless the policy says to ignore it, and then answered without allow-origin.
 */
export const decideCors = (policy: CorsPolicy | undefined, request: RequestHead): CorsDecision => {
  if (policy === undefined) return NONE;
  const origin = request.headerValues('origin')[0] ?? '';
  if (origin === '') return NONE;
  const allowed = policy.allowOrigins.some((matcher) => matchesString(matcher, origin));
  const askedMethod = request.headerValues('access-control-request-method')[0] ?? '';
  if (request.method === 'OPTIONS' && askedMethod !== '') {
    if (!allowed && policy.forwardUnmatchedPreflights) return NONE;
    return { kind: 'preflight', headers: preflightHeaders(policy, request, allowed ? origin : '', askedMethod) };
  }
  return allowed ? { kind: 'actual', headers: actualHeaders(policy, origin) } : NONE;
};

const preflightHeaders = (
  policy: CorsPolicy,
  request: RequestHead,
  origin: string,
  askedMethod: string,
): readonly (readonly [string, string])[] => {
  const askedHeaders = request.headerValues('access-control-request-headers').join(',');
  const headers: (readonly [string, string])[] = [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', policy.allowCredentials ? 'true' : ''],
    ['access-control-allow-methods', policy.allowMethods === '*' ? askedMethod : policy.allowMethods],
    ['access-control-allow-headers', policy.allowHeaders === '*' ? askedHeaders : policy.allowHeaders],
    ['access-control-max-age', policy.maxAge],
    // Of an allowed origin the answer is marked like any other on its way out.
    ['access-control-expose-headers', origin === '' ? '' : policy.exposeHeaders],
  ];
  return headers.filter(([, value]) => value !== '');
};

const actualHeaders = (policy: CorsPolicy, origin: string): readonly (readonly [string, string])[] => {
  const headers: (readonly [string, string])[] = [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', policy.allowCredentials ? 'true' : ''],
    ['access-control-expose-headers', policy.exposeHeaders],
  ];
  return headers.filter(([, value]) => value !== '');
};

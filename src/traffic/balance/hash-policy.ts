import type { RequestHead } from '../request.ts';
import type { CookieCreation, HashPolicy } from '../tables.ts';
import { xxHash64 } from './xx-hash.ts';

/** Addresses of a client's connection as a hash sees them. */
export interface HashedConnection {
  /** The client's address; believed of X-Forwarded-For where Envoy believes it. */
  readonly sourceAddress: string;
  /** `ADDRESS:PORT` of the two ends: what a new cookie is made from, so that it is the same per connection. */
  readonly remote: string;
  readonly local: string;
}

export interface RequestHash {
  /** Undefined when the request has nothing to hash, and any endpoint will do. */
  readonly hash: bigint | undefined;
  /** Values of Set-Cookie for the response. */
  readonly cookies: readonly string[];
}

const BITS = 64;

/** The hash of a request; of several policies that apply, each is rotated into the next as Envoy does it. */
export const hashRequest = (
  policies: readonly HashPolicy[],
  request: RequestHead,
  connection: HashedConnection,
): RequestHash => {
  const cookies: string[] = [];
  let hash: bigint | undefined;
  for (const policy of policies) {
    const found = hashBy(policy, request, connection, cookies);
    if (found === undefined) continue;
    const earlier = hash ?? 0n;
    hash = BigInt.asUintN(BITS, (earlier << 1n) | (earlier >> 63n)) ^ found;
  }
  return { hash, cookies };
};

/** The hash of a connection without HTTP. */
export const hashConnection = (
  policies: readonly HashPolicy[] | undefined,
  sourceAddress: string,
): bigint | undefined =>
  policies?.some(({ kind }) => kind === 'source-address') === true ? xxHash64(sourceAddress) : undefined;

const hashBy = (
  policy: HashPolicy,
  request: RequestHead,
  connection: HashedConnection,
  cookies: string[],
): bigint | undefined => {
  switch (policy.kind) {
    case 'header': {
      // The order of several lines makes no difference.
      const values = [...headerValues(request, policy.name)].sort();
      return values.length === 0 ? undefined : values.reduce((seed, value) => xxHash64(value, seed), 0n);
    }
    case 'query': {
      const value = firstQueryValue(request.path, policy.name);
      return value === undefined ? undefined : xxHash64(value);
    }
    case 'source-address':
      return xxHash64(connection.sourceAddress);
    case 'cookie': {
      const value = cookieValue(request.headerValues('cookie'), policy.name);
      if (value !== '') return xxHash64(value);
      if (policy.creation === undefined) return undefined;
      const made = xxHash64(connection.remote + connection.local)
        .toString(16)
        .padStart(16, '0');
      cookies.push(cookieLine(policy.name, made, policy.creation));
      return xxHash64(made);
    }
  }
};

const headerValues = (request: RequestHead, name: string): readonly string[] => {
  switch (name) {
    case 'host':
    case ':authority':
      return [request.authority];
    case ':path':
      return [request.path];
    case ':method':
      return [request.method];
    default:
      return request.headerValues(name);
  }
};

/** Not decoded, as Envoy compares and hashes it. */
const firstQueryValue = (path: string, name: string): string | undefined => {
  const mark = path.indexOf('?');
  if (mark < 0) return undefined;
  for (const pair of path.slice(mark + 1).split('&')) {
    const equals = pair.indexOf('=');
    if ((equals < 0 ? pair : pair.slice(0, equals)) === name) return equals < 0 ? '' : pair.slice(equals + 1);
  }
  return undefined;
};

/** The first cookie of the name, without the quotes around its value; empty when there is none. */
const cookieValue = (lines: readonly string[], name: string): string => {
  for (const line of lines) {
    for (const part of line.split(';')) {
      const pair = part.trim();
      if (!pair.startsWith(`${name}=`)) continue;
      const value = pair.slice(name.length + 1);
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return '';
};

const cookieLine = (name: string, value: string, { maxAgeSeconds, path, attributes }: CookieCreation): string => {
  const parts = [`${name}="${value}"`];
  if (maxAgeSeconds > 0) parts.push(`Max-Age=${maxAgeSeconds}`);
  if (path !== '') parts.push(`Path=${path}`);
  for (const [key, text] of attributes) parts.push(text === '' ? key : `${key}=${text}`);
  return [...parts, 'HttpOnly'].join('; ');
};

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A refusal of a request before any handler saw it. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 421;
  readonly code: string;
  readonly message: string;
}

/** What a route demands; `open` reads answer scrapers on this machine without a token. */
export type Access = 'open' | 'read' | 'mutate';

/** A request as the rules see it, before its body. */
export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Port of the listener; undefined on the socket file, where the file's permissions guard the way in. */
  readonly port: number | undefined;
}

const refuse = (status: Refusal['status'], code: string, message: string): Refusal => ({ status, code, message });

/**
 * Names under which this listener may be addressed. Anything else is a page that made its own name resolve to this
 * machine (DNS rebinding), or a proxy that should not be in between.
 */
const allowedHosts = (port: number | undefined): readonly string[] =>
  port === undefined ? ['localhost'] : ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);

/** First of all rules, before the path is even looked at. */
export const checkHost = (asked: Asked): Refusal | undefined => {
  const host = asked.headers.host?.toLowerCase();
  return host !== undefined && allowedHosts(asked.port).includes(host)
    ? undefined
    : refuse(421, 'WRONG_HOST', 'this server answers only to its own loopback names');
};

/** A page of another site, whatever it sends along. Reads are refused too: their replies are none of its business. */
const checkOrigin = ({ headers, port }: Asked): Refusal | undefined => {
  const { origin } = headers;
  const own = allowedHosts(port).map((host) => `http://${host}`);
  if (origin !== undefined && !own.includes(origin))
    return refuse(403, 'WRONG_ORIGIN', 'requests of other sites are refused');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return refuse(403, 'CROSS_SITE', 'requests of other sites are refused');
  return undefined;
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in time that depends on neither text: both are hashed to one length first. */
const isToken = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token));

const checkToken = ({ headers }: Asked, token: string): Refusal | undefined => {
  const [, given] = /^Bearer ([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  return given !== undefined && isToken(given, token)
    ? undefined
    : refuse(401, 'WRONG_TOKEN', 'the token of the running mesh is missing or wrong');
};

const METHOD: Readonly<Record<Access, readonly string[]>> = {
  open: ['GET', 'HEAD'],
  read: ['GET', 'HEAD'],
  mutate: ['POST'],
};

/** What a route may be asked with, for the Allow header. */
export const allowedMethods = (access: Access): string => METHOD[access].join(', ');

/** All rules of a route but the Host's; undefined lets the request in. */
export const checkAccess = (access: Access, asked: Asked, token: string): Refusal | undefined => {
  if (!METHOD[access].includes(asked.method))
    return refuse(405, 'WRONG_METHOD', `this takes ${METHOD[access].join(' or ')} only`);
  const origin = checkOrigin(asked);
  if (origin !== undefined || access === 'open') return origin;
  const wrongToken = checkToken(asked, token);
  if (wrongToken !== undefined || access === 'read') return wrongToken;
  // A form or an image of another site cannot send this type without a preflight, and no preflight is ever answered.
  return /^application\/json(?:\s*;|$)/i.test(asked.headers['content-type'] ?? '')
    ? undefined
    : refuse(415, 'WRONG_TYPE', 'the body must be application/json');
};

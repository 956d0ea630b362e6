/**
 * Reads and judges a token as Envoy's jwt_authn does, all but its signature. Faults are Envoy's own sentences, because
 * clients see them and logs carry them.
 */
import { parseJsonObject } from './json-object.ts';
import type { Claims, TokenRule } from './token-rules.ts';

/** A token that is well-formed; nothing in it is to be believed before its signature was verified. */
export interface ParsedToken {
  readonly text: string;
  /** One of Envoy's algorithms. */
  readonly algorithm: string;
  /** Empty without one. */
  readonly keyId: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Seconds since the epoch; 0 for none, and Envoy takes the number 0 for none too. */
  readonly notBefore: number;
  readonly expires: number;
  /** As sent, in base64url. */
  readonly payload: string;
  readonly claims: Claims;
}

/** Why a token is refused. */
export interface TokenFault {
  readonly fault: string;
}

const fault = (text: string): TokenFault => ({ fault: text });

export const UNKNOWN_ISSUER = fault('Jwt issuer is not configured');
export const AUDIENCE_REFUSED = fault('Audiences in Jwt are not allowed');
export const SIGNATURE_REFUSED = fault('Jwt verification fails');

const ALGORITHMS: ReadonlySet<unknown> = new Set([
  ...['ES256', 'ES384', 'ES512', 'HS256', 'HS384', 'HS512', 'EdDSA'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
]);

/** Stricter than decoders are: another letter, padding or an impossible length could be read in two ways. */
const BASE64URL = /^[A-Za-z0-9_-]*$/;

const isBase64Url = (text: string): boolean => BASE64URL.test(text) && text.length % 4 !== 1;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const decodeObject = (text: string): Claims | undefined => {
  try {
    return parseJsonObject(utf8.decode(Buffer.from(text, 'base64url')));
  } catch {
    return undefined;
  }
};

/** Reads the three parts of a token, in Envoy's order. */
export const parseToken = (text: string): ParsedToken | TokenFault => {
  const parts = text.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3 || header === '' || payload === '' || signature === '') {
    return fault('Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections');
  }
  if (!isBase64Url(header)) return fault('Jwt header is an invalid Base64url encoded');
  const fields = decodeObject(header);
  if (fields === undefined) return fault('Jwt header is an invalid JSON');
  const { alg, kid = '' } = fields;
  if (typeof alg !== 'string') return fault('Jwt header [alg] field is required and must be a string');
  if (!ALGORITHMS.has(alg)) return fault('Jwt header [alg] is not supported');
  if (typeof kid !== 'string') return fault('Jwt header [kid] field is not a string');
  // Extensions that must be understood, and none is.
  if (fields['crit'] !== undefined) return SIGNATURE_REFUSED;
  if (!isBase64Url(payload)) return fault('Jwt payload is an invalid Base64url encoded');
  const claims = decodeObject(payload);
  if (claims === undefined) return fault('Jwt payload is an invalid JSON');
  const wrong = wrongClaim(claims);
  if (wrong !== undefined) return fault(`Jwt payload ${wrong}`);
  if (!isBase64Url(signature)) return fault('Jwt signature is an invalid Base64url encoded');
  return {
    text,
    algorithm: alg,
    keyId: kid,
    issuer: textOf(claims['iss']),
    audiences: listOf(claims['aud']),
    notBefore: secondsOf(claims['nbf']),
    expires: secondsOf(claims['exp']),
    payload,
    claims,
  };
};

const TEXTS = ['iss', 'sub'];
const TIMES = ['iat', 'nbf', 'exp'];

const wrongClaim = (claims: Claims): string | undefined => {
  for (const name of TEXTS) if (!isTextOrAbsent(claims[name])) return `[${name}] field is not a string`;
  for (const name of TIMES) {
    const value = claims[name];
    if (value === undefined) continue;
    if (typeof value !== 'number') return `[${name}] field is not an integer`;
    if (!(value >= 0 && value < 2 ** 63)) return `[${name}] field is not a positive 64 bit integer`;
  }
  if (!isTextOrAbsent(claims['jti'])) return '[jti] field is not a string';
  const audience = claims['aud'];
  const isList = Array.isArray(audience) && audience.every((one) => typeof one === 'string');
  return isList || isTextOrAbsent(audience) ? undefined : '[aud] field is not a string or string list';
};

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const secondsOf = (value: unknown): number => (typeof value === 'number' ? Math.trunc(value) : 0);

const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

/** How far clocks may be apart, as Envoy allows by default. */
const CLOCK_SKEW_SECONDS = 60;

/** What a rule has against a token before its signature is looked at. */
export const claimsFault = (rule: TokenRule, token: ParsedToken, nowSeconds: number): TokenFault | undefined => {
  if (rule.issuer !== '' && rule.issuer !== token.issuer) return UNKNOWN_ISSUER;
  if (nowSeconds + CLOCK_SKEW_SECONDS < token.notBefore) return fault('Jwt not yet valid');
  if (token.expires !== 0 && nowSeconds > token.expires + CLOCK_SKEW_SECONDS) return fault('Jwt is expired');
  if (rule.audiences.length === 0) return undefined;
  return token.audiences.some((one) => rule.audiences.includes(plainAudience(one))) ? undefined : AUDIENCE_REFUSED;
};

/** An audience as Envoy compares it: without the scheme of a URL and one slash at its end. */
export const plainAudience = (audience: string): string => audience.replace(/^https?:\/\//, '').replace(/\/$/, '');

/** The claims as policies and routes see them. */
export const normalClaims = ({ spaceDelimited }: TokenRule, { claims }: ParsedToken): Claims =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === 'string' && spaceDelimited.has(name) ? value.split(' ').filter((word) => word !== '') : value,
    ]),
  );

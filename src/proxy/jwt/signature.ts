/** Signatures of tokens, by jose; which keys are asked is Envoy's rule. */
import { type CryptoKey, compactVerify, importJWK } from 'jose';
import { parseJsonObject } from '../../traffic/json-object.ts';
import { type ParsedToken, SIGNATURE_REFUSED, type TokenFault } from '../../traffic/jwt.ts';

/** One key of a set, its public part alone. */
export interface TokenKey {
  readonly keyId: string;
  /** Empty: any of its type. */
  readonly algorithm: string;
  readonly jwk: Readonly<Record<string, string>> & { readonly kty: string };
}

const PUBLIC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

/** The keys of a JWKS that are whole; undefined for a text that is none. */
export const parseKeys = (jwks: string): readonly TokenKey[] | undefined => {
  const list = parseJsonObject(jwks)?.['keys'];
  return Array.isArray(list) ? list.flatMap(keyOf) : undefined;
};

const keyOf = (entry: unknown): readonly TokenKey[] => {
  if (typeof entry !== 'object' || entry === null) return [];
  const fields = entry as Readonly<Record<string, unknown>>;
  const { kty, kid, alg } = fields;
  const names = typeof kty === 'string' && Object.hasOwn(PUBLIC_FIELDS, kty) ? PUBLIC_FIELDS[kty] : undefined;
  if (typeof kty !== 'string' || names === undefined) return [];
  const jwk: Record<string, string> & { kty: string } = { kty };
  for (const name of names) {
    const value = fields[name];
    if (typeof value !== 'string' || value === '') return [];
    jwk[name] = value;
  }
  return [{ keyId: textOf(kid), algorithm: textOf(alg), jwk }];
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Which algorithms a type of key serves; a key is never used for another type's, whatever a token says. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  RSA: /^[RP]S/,
  EC: /^ES/,
  OKP: /^EdDSA$/,
  oct: /^HS/,
};

/** Undefined when one of the keys that a token may mean made its signature. */
export const verifySignature = async (
  token: ParsedToken,
  keys: readonly TokenKey[],
): Promise<TokenFault | undefined> => {
  if (keys.length === 0) return { fault: "Jwks doesn't have any valid public key" };
  const meant = keys.filter(
    ({ keyId, algorithm }) =>
      (token.keyId === '' || keyId === '' || keyId === token.keyId) &&
      (algorithm === '' || algorithm === token.algorithm),
  );
  if (meant.length === 0) return { fault: "Jwks doesn't have key to match kid or alg from Jwt" };
  for (const key of meant) if (await isSignedBy(token, key)) return undefined;
  return SIGNATURE_REFUSED;
};

const isSignedBy = async ({ text, algorithm }: ParsedToken, { jwk }: TokenKey): Promise<boolean> => {
  if (FAMILIES[jwk.kty]?.test(algorithm) !== true) return false;
  try {
    const key: CryptoKey | Uint8Array = await importJWK(jwk, algorithm);
    await compactVerify(text, key, { algorithms: [algorithm] });
    return true;
  } catch {
    // A wrong signature, a key too weak or of another curve.
    return false;
  }
};

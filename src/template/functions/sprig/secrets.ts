import { fromBytes, toBytes } from '../../bytes.ts';
import { FunctionError, fixed, type TemplateFunction } from '../../functions.ts';
import { STRING, UINT32 } from '../../type.ts';
import { orElse } from '../or-else.ts';
import { bcrypt } from './bcrypt.ts';
import { type CertificateMaker, certificateFunctions } from './certificates.ts';
import { readBase64, toBase64 } from './encodings.ts';
import { fillTemplate, PASSWORD_KINDS, SEED } from './master-password.ts';
import type { Random } from './random.ts';

/** Cryptography that a pure room is given. */
export interface Cryptography extends CertificateMaker {
  /** scrypt with N = 32768, r = 8 and p = 2: 64 bytes. */
  readonly scrypt: (password: Uint8Array, salt: Uint8Array) => Uint8Array;
  readonly hmacSha256: (key: Uint8Array, data: Uint8Array) => Uint8Array;
  /** AES-256 in CBC mode; the data are whole blocks, and no padding is added or taken away. */
  readonly aes: (direction: 'encrypt' | 'decrypt', key: Uint8Array, iv: Uint8Array, data: Uint8Array) => Uint8Array;
}

const BLOCK = 16;

const withSize = (text: string): readonly number[] => {
  const bytes = toBytes(text);
  return [...bigEndian(bytes.length), ...bytes];
};

const bigEndian = (value: number): readonly number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);

/** The first 32 bytes of a password, zeros behind a shorter one. */
const aesKey = (password: string): Uint8Array => {
  const key = new Uint8Array(32);
  key.set(toBytes(password).subarray(0, key.length));
  return key;
};

const encryptAes = (password: string, text: string, crypto: Cryptography, random: Random): string => {
  if (text === '') return '';
  const plain = toBytes(text);
  const padding = BLOCK - (plain.length % BLOCK);
  const padded = new Uint8Array(plain.length + padding).fill(padding);
  padded.set(plain);
  const iv = random(BLOCK);
  return toBase64(Uint8Array.from([...iv, ...crypto.aes('encrypt', aesKey(password), iv, padded)]));
};

const decryptAes = (password: string, text: string, crypto: Cryptography): string => {
  if (text === '') return '';
  const bytes = readBase64(text);
  if (bytes.length < BLOCK) throw new FunctionError('runtime error: slice bounds out of range');
  if (bytes.length % BLOCK !== 0) throw new FunctionError('crypto/cipher: input not full blocks');
  const plain = crypto.aes('decrypt', aesKey(password), bytes.subarray(0, BLOCK), bytes.subarray(BLOCK));
  const end = plain.length - (plain.at(-1) ?? 0);
  if (plain.length === 0 || end < 0) throw new FunctionError('runtime error: slice bounds out of range');
  return fromBytes(plain.subarray(0, end));
};

const hash = (password: string, random: Random): string =>
  orElse(
    () => bcrypt(toBytes(password), random(16)),
    (message) => `failed to encrypt string with bcrypt: ${message}`,
  );

const refusal = (): never => {
  throw new FunctionError('there is no cryptography where this template is rendered');
};

/** Stands in where a platform has none: every use is refused. */
const NONE: Cryptography = {
  scrypt: refusal,
  hmacSha256: refusal,
  aes: refusal,
  generateKey: refusal,
  keyProblem: refusal,
  certificateProblem: refusal,
  certify: refusal,
};

/** sprig's functions that make and use passwords, keys and certificates. */
export const secretFunctions = (random: Random, now: () => number, crypto = NONE): readonly TemplateFunction[] => [
  fixed('bcrypt', [STRING], (password) => hash(password, random)),
  fixed('htpasswd', [STRING, STRING], (user, password) =>
    user.includes(':') ? `invalid username: ${user}` : `${user}:${hash(password, random)}`,
  ),
  fixed('derivePassword', [UINT32, STRING, STRING, STRING, STRING], (counter, kind, password, user, site) => {
    const templates = PASSWORD_KINDS.get(kind);
    if (templates === undefined) return `cannot find password template ${kind}`;
    const seed = toBytes(SEED);
    const key = crypto.scrypt(toBytes(password), Uint8Array.from([...seed, ...withSize(user)]));
    const data = Uint8Array.from([...seed, ...withSize(site), ...bigEndian(Number(counter.value))]);
    return fillTemplate(templates, crypto.hmacSha256(key, data));
  }),
  fixed('encryptAES', [STRING, STRING], (password, text) => encryptAes(password, text, crypto, random)),
  fixed('decryptAES', [STRING, STRING], (password, text) => decryptAes(password, text, crypto)),
  ...certificateFunctions(crypto, random, now),
];

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  scryptSync,
  X509Certificate,
} from 'node:crypto';
import type { KeyKind } from '../../template/functions/sprig/certificates.ts';
import type { Cryptography } from '../../template/functions/sprig/secrets.ts';
import { certify, pem } from './certify.ts';
import { elementsOf, integer, sequence } from './der.ts';

const messageOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
};

/** OpenSSL's old form of a DSA key, which node does not write: a version, p, q, g, the public and the private number. */
const dsaPem = (key: KeyObject): string => {
  const [whole] = elementsOf(key.export({ type: 'pkcs8', format: 'der' }));
  const [, algorithm, secret] = elementsOf(whole?.content ?? new Uint8Array());
  const parameters = elementsOf(elementsOf(algorithm?.content ?? new Uint8Array())[1]?.content ?? new Uint8Array());
  const x = elementsOf(secret?.content ?? new Uint8Array())[0]?.content ?? new Uint8Array();
  const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const [p = 1n, , g = 0n] = parameters.map(({ content }) => numberOf(content));
  const digits = power(g, numberOf(x), p).toString(16);
  const y = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const numbers = [Uint8Array.of(0), ...parameters.map(({ content }) => content), y, x];
  return pem('DSA PRIVATE KEY', sequence(...numbers.map(integer)));
};

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  for (let left = exponent, square = base % modulus; left > 0n; left >>= 1n, square = (square * square) % modulus) {
    if ((left & 1n) === 1n) result = (result * square) % modulus;
  }
  return result;
};

const generateKey = (kind: KeyKind, bits: number): string => {
  switch (kind) {
    case 'rsa':
      return String(
        generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
      );
    case 'dsa':
      return dsaPem(generateKeyPairSync('dsa', { modulusLength: bits, divisorLength: 256 }).privateKey);
    case 'ecdsa':
      return String(
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'sec1', format: 'pem' }),
      );
    default:
      return String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
};

const KEY_LABEL = /^-----BEGIN ([^-]*)-----$/m;

const keyProblem = (text: string): string | undefined => {
  const label = KEY_LABEL.exec(text)?.[1];
  if (label === undefined) return 'no PEM data in input';
  if (!/(^| )PRIVATE KEY$/.test(label)) return `no private key data in PEM block of type ${label}`;
  const kind = label.slice(0, -' PRIVATE KEY'.length);
  if (label !== 'PRIVATE KEY' && !['RSA', 'EC', 'DSA'].includes(kind)) return `invalid private key type ${kind}`;
  return messageOf(() => createPrivateKey(text));
};

/** Cryptography of this machine, by OpenSSL. */
export const CRYPTOGRAPHY: Cryptography = {
  // 128 * N * r bytes, and what the implementation needs beside them.
  scrypt: (password, salt) => scryptSync(password, salt, 64, { N: 32_768, r: 8, p: 2, maxmem: 64 * 1024 * 1024 }),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  aes: (direction, key, iv, data) => {
    const cipher = (direction === 'encrypt' ? createCipheriv : createDecipheriv)('aes-256-cbc', key, iv);
    return Buffer.concat([cipher.setAutoPadding(false).update(data), cipher.final()]);
  },
  generateKey,
  keyProblem,
  certificateProblem: (text) => messageOf(() => new X509Certificate(text)),
  certify,
};

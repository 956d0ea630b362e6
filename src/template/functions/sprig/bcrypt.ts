import { FunctionError } from '../../functions.ts';

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** What bcrypt encrypts, again and again. */
const TEXT = new TextEncoder().encode('OrpheanBeholderScryDoubt');
const LONGEST_PASSWORD = 72;
/** Rounds are 2 to the power of this. */
const COST = 10;

const SUBKEYS = 18;
const WORDS = SUBKEYS + 4 * 256;

/** The arc tangent of 1/x, as a whole number of 2 to the power of -bits. */
const arcTangent = (x: bigint, bits: bigint): bigint => {
  let power = (1n << bits) / x;
  let sum = power;
  for (let divisor = 3n, sign = -1n; power > 0n; divisor += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / divisor;
  }
  return sum;
};

/** Blowfish begins with the bits of pi behind the point: the subkeys, then four boxes of 256 words. */
const bitsOfPi = (): Uint32Array => {
  const spare = 64n;
  const bits = BigInt(WORDS * 32) + spare;
  const pi = 16n * arcTangent(5n, bits) - 4n * arcTangent(239n, bits);
  const digits = ((pi >> spare) & ((1n << BigInt(WORDS * 32)) - 1n)).toString(16).padStart(WORDS * 8, '0');
  return Uint32Array.from({ length: WORDS }, (_, at) => Number.parseInt(digits.slice(at * 8, at * 8 + 8), 16));
};

/** Encrypts in place the two words of `block` from `at`. */
const encrypt = (state: Uint32Array, block: Uint32Array, at: number): void => {
  let left = block[at] ?? 0;
  let right = block[at + 1] ?? 0;
  const word = (index: number): number => state[index] ?? 0;
  for (let round = 0; round < 16; round++) {
    left ^= word(round);
    const first = word(SUBKEYS + (left >>> 24)) + word(SUBKEYS + 256 + ((left >>> 16) & 255));
    const mixed = (first ^ word(SUBKEYS + 512 + ((left >>> 8) & 255))) + word(SUBKEYS + 768 + (left & 255));
    const next = right ^ mixed;
    right = left;
    left = next;
  }
  block[at] = right ^ word(17);
  block[at + 1] = left ^ word(16);
};

/** Bytes as words, from the beginning again when they end. */
const cycled = (bytes: Uint8Array, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, at) =>
    [0, 1, 2, 3].reduce((word, byte) => (word << 8) | (bytes[(at * 4 + byte) % bytes.length] ?? 0), 0),
  );

const expand = (state: Uint32Array, key: Uint32Array, salt: Uint32Array): void => {
  for (let at = 0; at < SUBKEYS; at++) state[at] = (state[at] ?? 0) ^ (key[at] ?? 0);
  const block = new Uint32Array(2);
  for (let at = 0; at < WORDS; at += 2) {
    block[0] = (block[0] ?? 0) ^ (salt[at % 4] ?? 0);
    block[1] = (block[1] ?? 0) ^ (salt[(at + 1) % 4] ?? 0);
    encrypt(state, block, 0);
    state.set(block, at);
  }
};

/** bcrypt's own base64: another alphabet, no padding. */
const encode = (bytes: Uint8Array): string => {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,6}/g) ?? []).map((six) => ALPHABET[Number.parseInt(six.padEnd(6, '0'), 2)]).join('');
};

/** The hash of a password under 16 bytes of salt, at the cost that Go's bcrypt takes by default; throws for long passwords. */
export const bcrypt = (password: Uint8Array, salt: Uint8Array): string => {
  if (password.length > LONGEST_PASSWORD) {
    throw new FunctionError(`bcrypt: password length exceeds ${LONGEST_PASSWORD} bytes`);
  }
  const state = bitsOfPi();
  const key = cycled(Uint8Array.from([...password, 0]), SUBKEYS);
  const nothing = new Uint32Array(4);
  expand(state, key, cycled(salt, 4));
  const saltKey = cycled(salt, SUBKEYS);
  for (let round = 0; round < 2 ** COST; round++) {
    expand(state, key, nothing);
    expand(state, saltKey, nothing);
  }
  const text = cycled(TEXT, TEXT.length / 4);
  for (let at = 0; at < text.length; at += 2) {
    for (let time = 0; time < 64; time++) encrypt(state, text, at);
  }
  const hash = Uint8Array.from({ length: TEXT.length - 1 }, (_, at) => (text[at >> 2] ?? 0) >>> (24 - (at % 4) * 8));
  return `$2a$${COST}$${encode(salt)}${encode(hash)}`;
};

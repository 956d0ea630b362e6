import { toBytes } from '../../bytes.ts';
import { fixed, type TemplateFunction } from '../../functions.ts';
import { STRING } from '../../type.ts';

const MASK_64 = 2n ** 64n - 1n;
const MASK_32 = 2n ** 32n - 1n;

const primes = (count: number): readonly bigint[] => {
  const found: bigint[] = [];
  for (let candidate = 2n; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate);
  }
  return found;
};

/** The first 64 bits behind the point of the `degree`th root: where SHA-2 takes its constants from. */
const rootFraction = (value: bigint, degree: bigint): bigint => {
  const scaled = value << (64n * degree);
  let low = 0n;
  let high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle;
  }
  return low & MASK_64;
};

const hex = (words: Iterable<bigint>, digits: number): string =>
  Array.from(words, (word) => word.toString(16).padStart(digits, '0')).join('');

/** The message with a 1 bit, zeros and its length in bits, cut into blocks of 16 words. */
const blocksOf = (bytes: Uint8Array, wordSize: number): readonly (readonly bigint[])[] => {
  const blockSize = wordSize * 16;
  const padded = new Uint8Array(Math.ceil((bytes.length + 1 + wordSize * 2) / blockSize) * blockSize);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  const wordAt = (at: number): bigint => (wordSize === 8 ? view.getBigUint64(at) : BigInt(view.getUint32(at)));
  return Array.from({ length: padded.length / blockSize }, (_, block) =>
    Array.from({ length: 16 }, (_, word) => wordAt(block * blockSize + word * wordSize)),
  );
};

/** What tells SHA-256 and SHA-512 apart: the width of a word and by how much words are turned. */
interface Sha2 {
  readonly bits: bigint;
  readonly mask: bigint;
  readonly rounds: number;
  /** Rotations of the four mixing functions; the last of the two schedule ones is a shift. */
  readonly turns: readonly (readonly [bigint, bigint, bigint])[];
}

const SHA256: Sha2 = {
  bits: 32n,
  mask: MASK_32,
  rounds: 64,
  turns: [
    [2n, 13n, 22n],
    [6n, 11n, 25n],
    [7n, 18n, 3n],
    [17n, 19n, 10n],
  ],
};
const SHA512: Sha2 = {
  bits: 64n,
  mask: MASK_64,
  rounds: 80,
  turns: [
    [28n, 34n, 39n],
    [14n, 18n, 41n],
    [1n, 8n, 7n],
    [19n, 61n, 6n],
  ],
};

const sha2 = ({ bits, mask, rounds, turns }: Sha2, bytes: Uint8Array): string => {
  const [upper = [0n, 0n, 0n], lower = [0n, 0n, 0n], early = [0n, 0n, 0n], late = [0n, 0n, 0n]] = turns;
  const turn = (word: bigint, by: bigint): bigint => ((word >> by) | (word << (bits - by))) & mask;
  const mix = (word: bigint, [a, b, c]: readonly [bigint, bigint, bigint]): bigint =>
    turn(word, a) ^ turn(word, b) ^ turn(word, c);
  const schedule = (word: bigint, [a, b, c]: readonly [bigint, bigint, bigint]): bigint =>
    turn(word, a) ^ turn(word, b) ^ (word >> c);
  const constants = primes(rounds).map((prime) => rootFraction(prime, 3n) >> (64n - bits));
  let state = primes(8).map((prime) => rootFraction(prime, 2n) >> (64n - bits));
  for (const block of blocksOf(bytes, Number(bits) / 8)) {
    const words = [...block];
    for (let at = 16; at < rounds; at++) {
      const [near = 0n, far = 0n] = [words[at - 2], words[at - 15]];
      words.push((schedule(near, late) + (words[at - 7] ?? 0n) + schedule(far, early) + (words[at - 16] ?? 0n)) & mask);
    }
    let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n, g = 0n, h = 0n] = state;
    for (let round = 0; round < rounds; round++) {
      const choice = (e & f) ^ (~e & mask & g);
      const first = h + mix(e, lower) + choice + (constants[round] ?? 0n) + (words[round] ?? 0n);
      const second = mix(a, upper) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & mask, c, b, a, (first + second) & mask];
    }
    const next = [a, b, c, d, e, f, g, h];
    state = state.map((word, at) => (word + (next[at] ?? 0n)) & mask);
  }
  return hex(state, Number(bits) / 4);
};

const sha1 = (bytes: Uint8Array): string => {
  const turn = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (32n - by))) & MASK_32;
  let state = [0x67452301n, 0xefcdab89n, 0x98badcfen, 0x10325476n, 0xc3d2e1f0n];
  for (const block of blocksOf(bytes, 4)) {
    const words = [...block];
    for (let at = 16; at < 80; at++) {
      const mixed = [3, 8, 14, 16].reduce((word, back) => word ^ (words[at - back] ?? 0n), 0n);
      words.push(turn(mixed, 1n));
    }
    let [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = state;
    for (let round = 0; round < 80; round++) {
      const parity = b ^ c ^ d;
      const [choice, constant] =
        round < 20
          ? [(b & c) | (~b & MASK_32 & d), 0x5a827999n]
          : round < 40
            ? [parity, 0x6ed9eba1n]
            : round < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdcn]
              : [parity, 0xca62c1d6n];
      const next = (turn(a, 5n) + choice + e + constant + (words[round] ?? 0n)) & MASK_32;
      [e, d, c, b, a] = [d, c, turn(b, 30n), a, next];
    }
    const next = [a, b, c, d, e];
    state = state.map((word, at) => (word + (next[at] ?? 0n)) & MASK_32);
  }
  return hex(state, 8);
};

const adler32 = (bytes: Uint8Array): string => {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return String(high * 65536 + low);
};

const hashing = (name: string, digest: (bytes: Uint8Array) => string): TemplateFunction =>
  fixed(name, [STRING], (text, runtime) => {
    runtime.spend(text.length);
    return digest(toBytes(text));
  });

/** sprig's checksums, in code of our own because a pure room has no crypto. */
export const hashFunctions: readonly TemplateFunction[] = [
  hashing('sha1sum', sha1),
  hashing('sha256sum', (bytes) => sha2(SHA256, bytes)),
  hashing('sha512sum', (bytes) => sha2(SHA512, bytes)),
  hashing('adler32sum', adler32),
];

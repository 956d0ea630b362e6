const MASK = (1n << 64n) - 1n;
const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

/**
 * XXH64, the hash that Envoy places endpoints and requests on its rings with. Of text the UTF-8 bytes are hashed; the
 * result is unsigned.
 */
export const xxHash64 = (input: string | Buffer, seed = 0n): bigint => {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input;
  const { length } = bytes;
  let at = 0;
  let hash = (seed + PRIME_5) & MASK;
  if (length >= 32) {
    let lanes = [seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1].map((lane) => lane & MASK);
    for (; at + 32 <= length; at += 32) {
      const block = at;
      lanes = lanes.map((lane, index) => round(lane, bytes.readBigUInt64LE(block + index * 8)));
    }
    hash = 0n;
    for (const [index, lane] of lanes.entries()) hash += rotate(lane, LANE_TURNS[index] ?? 0n);
    hash &= MASK;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * PRIME_1 + PRIME_4) & MASK;
  }
  hash = (hash + BigInt(length)) & MASK;
  for (; at + 8 <= length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * PRIME_1 + PRIME_4) & MASK;
  }
  if (at + 4 <= length) {
    hash ^= (BigInt(bytes.readUInt32LE(at)) * PRIME_1) & MASK;
    hash = (rotate(hash, 23n) * PRIME_2 + PRIME_3) & MASK;
    at += 4;
  }
  for (; at < length; at += 1) {
    hash ^= (BigInt(bytes.readUInt8(at)) * PRIME_5) & MASK;
    hash = (rotate(hash, 11n) * PRIME_1) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * PRIME_2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * PRIME_3) & MASK;
  return hash ^ (hash >> 32n);
};

const LANE_TURNS = [1n, 7n, 12n, 18n] as const;

const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

const round = (lane: bigint, input: bigint): bigint => (rotate((lane + input * PRIME_2) & MASK, 31n) * PRIME_1) & MASK;

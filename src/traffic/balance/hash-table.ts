import type { Endpoint } from '../tables.ts';
import { xxHash64 } from './xx-hash.ts';

/** An endpoint and its share of the load; the shares of a table add up to 1. */
export interface ShareOfLoad {
  readonly endpoint: Endpoint;
  readonly share: number;
}

/** The endpoint for a hash. `attempt` counts from 0: later ones look elsewhere, though not always at another endpoint. */
export type HashTable = (hash: bigint, attempt: number) => Endpoint | undefined;

/** As many points as Envoy ever puts on a ring. */
const MAX_RING_SIZE = 8_388_608;

/**
 * Envoy's ring (Ketama): every endpoint has points in proportion to its share, at least `minimumSize` altogether, so
 * that the same request finds the same endpoint in Envoy and here.
 */
export const buildRing = (shares: readonly ShareOfLoad[], minimumSize: number): HashTable => {
  const least = Math.min(...shares.map(({ share }) => share));
  const scale = Math.min(Math.ceil(least * minimumSize) / least, MAX_RING_SIZE);
  const points: { readonly hash: bigint; readonly endpoint: Endpoint }[] = [];
  let wanted = 0;
  for (const { endpoint, share } of shares) {
    wanted += scale * share;
    for (let index = 0; points.length < wanted; index += 1) {
      points.push({ hash: xxHash64(`${endpoint.key}_${index}`), endpoint });
    }
  }
  points.sort((left, right) => (left.hash < right.hash ? -1 : left.hash > right.hash ? 1 : 0));
  return (hash, attempt) => {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const point = points[middle];
      if (point !== undefined && point.hash < hash) low = middle + 1;
      else high = middle;
    }
    // Past the last point the ring begins again.
    return points[(low + attempt) % points.length]?.endpoint;
  };
};

interface MaglevEntry {
  readonly endpoint: Endpoint;
  readonly share: number;
  readonly offset: number;
  readonly skip: number;
  next: number;
  target: number;
}

/** Maglev's table with `size` entries, a prime, filled as Envoy fills it. */
export const buildMaglev = (shares: readonly ShareOfLoad[], size: number): HashTable => {
  const largest = Math.max(...shares.map(({ share }) => share));
  const entries = [...shares]
    .sort((left, right) => (left.endpoint.key < right.endpoint.key ? -1 : 1))
    .map(
      ({ endpoint, share }): MaglevEntry => ({
        endpoint,
        share,
        offset: Number(xxHash64(endpoint.key) % BigInt(size)),
        skip: Number(xxHash64(endpoint.key, 1n) % BigInt(size - 1)) + 1,
        next: 0,
        target: 0,
      }),
    );
  const table = new Array<Endpoint | undefined>(size).fill(undefined);
  let filled = 0;
  for (let turn = 1; filled < size && entries.length > 0; turn += 1) {
    for (const entry of entries) {
      if (filled === size) break;
      // A lighter endpoint sits out the turns that its share does not reach.
      if (turn * entry.share < entry.target) continue;
      entry.target += largest;
      let at = placeOf(entry, size);
      while (table[at] !== undefined) {
        entry.next += 1;
        at = placeOf(entry, size);
      }
      table[at] = entry.endpoint;
      entry.next += 1;
      filled += 1;
    }
  }
  const entryCount = BigInt(size);
  return (hash, attempt) => {
    const mixed = attempt === 0 ? hash : hash ^ BigInt.asUintN(64, -BigInt(attempt));
    return table[Number(mixed % entryCount)];
  };
};

const placeOf = ({ offset, skip, next }: MaglevEntry, size: number): number => (offset + skip * next) % size;

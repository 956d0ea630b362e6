import { describe, expect, test } from 'vitest';
import type { Identity } from '../../src/ca/certificate.ts';
import { createIdentityKeeper, type IdentityKeeper } from '../../src/ca/rotation.ts';

const START = Date.parse('2030-06-01T12:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ID = 'spiffe://cluster.local/ns/default/sa/a';

interface World {
  readonly keeper: IdentityKeeper;
  /** What was issued, in order: identity and hours since the start. */
  readonly issued: { readonly spiffeId: string; readonly atHours: number }[];
  readonly failures: string[];
  failing: boolean;
  random: number;
  readonly timersSet: () => number;
  /** Lets time pass, firing timers in their order; the wall clock may be moved without timers by `jumpMs`. */
  readonly pass: (ms: number) => Promise<void>;
  readonly jumpMs: (ms: number) => void;
}

/** An authority, a clock and timers that stand still until told: certificates carry their number as serial. */
const createWorld = (ttlMs = DAY): World => {
  let nowMs = START;
  let pending = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  const issued: { readonly spiffeId: string; readonly atHours: number }[] = [];
  const failures: string[] = [];
  const identityFor = async (spiffeId: string): Promise<Identity> => {
    if (world.failing) throw new Error('disk full');
    issued.push({ spiffeId, atHours: (nowMs - START) / HOUR });
    const certificate = {
      spiffeId,
      serial: String(issued.length),
      notBeforeMs: nowMs - 60_000,
      notAfterMs: nowMs + ttlMs,
      chainPem: '',
      keyPem: '',
    };
    return { certificate, rootsPem: '' };
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  const keeper = createIdentityKeeper({
    authority: { identityFor },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    random: () => world.random,
    timers: {
      after: (delayMs, callback) => {
        const key = {};
        pending.set(key, { atMs: nowMs + delayMs, callback });
        return () => void pending.delete(key);
      },
    },
    onFailure: (spiffeId, error) => failures.push(`${spiffeId}: ${String(error)}`),
  });
  const world: World = {
    keeper,
    issued,
    failures,
    failing: false,
    random: 0.5,
    timersSet: () => pending.size,
    jumpMs: (ms) => {
      nowMs += ms;
      pending = new Map([...pending].map(([key, timer]) => [key, { ...timer, atMs: timer.atMs + ms }]));
    },
    pass: async (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...pending].sort(([, a], [, b]) => a.atMs - b.atMs);
        if (next === undefined || next[1].atMs > endMs) break;
        pending.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].atMs);
        next[1].callback();
        await settle();
      }
      nowMs = endMs;
    },
  };
  return world;
};

describe('an identity', () => {
  test('is there at once and is renewed before half of its life is over, again and again', async () => {
    const world = createWorld();
    const rotated: string[] = [];
    const kept = await world.keeper.keep(ID, (identity) => rotated.push(identity.certificate.serial));
    expect(kept.current().certificate.serial).toBe('1');
    await world.pass(9 * HOUR);
    expect(rotated).toEqual([]);
    await world.pass(3 * HOUR);
    expect(rotated).toEqual(['2']);
    expect(kept.current().certificate.serial).toBe('2');
    await world.pass(36 * HOUR);
    expect(rotated).toEqual(['2', '3', '4', '5']);
    for (const [index, one] of world.issued.entries()) {
      const before = world.issued[index - 1]?.atHours ?? one.atHours;
      expect(one.atHours - before).toBeLessThan(12);
    }
  });

  test.each([
    [0, 9.6],
    [0.999_999, 11.52],
  ])('with the random number %d is renewed after %d of 24 hours', async (random, hours) => {
    const world = createWorld();
    world.random = random;
    await world.keeper.keep(ID, () => {});
    await world.pass(13 * HOUR);
    expect(world.issued[1]?.atHours).toBeCloseTo(hours, 2);
  });

  test('of a life of 12 seconds is renewed at least 10 times a minute', async () => {
    const world = createWorld(12_000);
    await world.keeper.keep(ID, () => {});
    await world.pass(60_000);
    expect(world.issued.length).toBeGreaterThan(10);
    expect(world.issued.length).toBeLessThan(15);
  });

  test('stays in use while renewal fails, which is reported and tried again ever more rarely until it works', async () => {
    const world = createWorld();
    const rotated: string[] = [];
    const kept = await world.keeper.keep(ID, (identity) => rotated.push(identity.certificate.serial));
    world.failing = true;
    await world.pass(12 * HOUR);
    expect(kept.current().certificate.serial).toBe('1');
    expect(rotated).toEqual([]);
    expect(world.failures[0]).toBe(`${ID}: Error: disk full`);
    // 1.44 h of failing: a dozen quick tries, then one each 3.75 min with this random number.
    expect(world.failures.length).toBeGreaterThan(20);
    expect(world.failures.length).toBeLessThan(40);
    world.failing = false;
    await world.pass(300_000);
    expect(rotated).toEqual(['2']);
    const failed = world.failures.length;
    await world.pass(9 * HOUR);
    expect(world.issued.length).toBe(2);
    expect(world.failures.length).toBe(failed);
  });

  test('is renewed within a minute after the machine slept through its renewal', async () => {
    const world = createWorld();
    await world.keeper.keep(ID, () => {});
    world.jumpMs(14 * HOUR);
    await world.pass(60_000);
    expect(world.issued.length).toBe(2);
  });

  test('is renewed within a minute when the clock was set back to before its begin', async () => {
    const world = createWorld();
    await world.keeper.keep(ID, () => {});
    world.jumpMs(-DAY);
    await world.pass(60_000);
    expect(world.issued.length).toBe(2);
    await world.pass(9 * HOUR);
    expect(world.issued.length).toBe(2);
  });

  test('is the new one even when the receiver throws, and that is reported', async () => {
    const world = createWorld();
    const kept = await world.keeper.keep(ID, () => {
      throw new Error('socket gone');
    });
    await world.pass(12 * HOUR);
    expect(kept.current().certificate.serial).toBe('2');
    expect(world.failures).toEqual([`${ID}: Error: socket gone`]);
  });

  test('that cannot be issued at first is an error of the caller and not tried again', async () => {
    const world = createWorld();
    world.failing = true;
    await expect(world.keeper.keep(ID, () => {})).rejects.toThrow('disk full');
    expect(world.timersSet()).toBe(0);
  });
});

describe('many identities', () => {
  test('share one timer, each gets its own successor, and their renewals spread', async () => {
    const world = createWorld();
    const rotated = new Map<string, string>();
    for (let index = 0; index < 100; index += 1) {
      world.random = index / 100;
      const id = `${ID}${index}`;
      await world.keeper.keep(id, (identity) => rotated.set(id, identity.certificate.spiffeId));
    }
    expect(world.timersSet()).toBe(1);
    await world.pass(12 * HOUR);
    expect(rotated.size).toBe(100);
    for (const [id, spiffeId] of rotated) expect(spiffeId).toBe(id);
    expect(new Set(world.issued.slice(100).map((one) => one.atHours)).size).toBe(100);
    expect(world.timersSet()).toBe(1);
  });

  test('end one by one or all together, and then nothing waits', async () => {
    const world = createWorld();
    const first = await world.keeper.keep(ID, () => {});
    const second = await world.keeper.keep(`${ID}2`, () => {});
    first.close();
    await world.pass(12 * HOUR);
    expect(world.issued.slice(2).map((one) => one.spiffeId)).toEqual([`${ID}2`]);
    second.close();
    expect(world.timersSet()).toBe(0);
    await world.keeper.keep(ID, () => {});
    world.keeper.close();
    expect(world.timersSet()).toBe(0);
    await world.pass(DAY);
    expect(world.issued.length).toBe(4);
  });
});

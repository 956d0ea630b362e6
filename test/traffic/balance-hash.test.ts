import { describe, expect, it } from 'vitest';
import { hashConnection, hashRequest } from '../../src/traffic/balance/hash-policy.ts';
import { buildMaglev, buildRing } from '../../src/traffic/balance/hash-table.ts';
import { createBalancerState, pickEndpoint } from '../../src/traffic/balance/pick-endpoint.ts';
import { xxHash64 } from '../../src/traffic/balance/xx-hash.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import type { HashPolicy } from '../../src/traffic/tables.ts';
import { balanced, hostsOf } from './balance-cluster.ts';

const request = (path: string, headers: Readonly<Record<string, readonly string[]>> = {}): RequestHead => ({
  method: 'GET',
  path,
  authority: 'reviews',
  scheme: 'http',
  headerValues: (name) => headers[name] ?? [],
});

const connection = { sourceAddress: '10.44.1.1', remote: '10.44.1.1:50000', local: '10.144.0.1:80' };

const hash = (policies: readonly HashPolicy[], head: RequestHead) => hashRequest(policies, head, connection);

/** As Envoy recorded it: three pods, and which of them a user reached. */
const PODS = hostsOf('10.44.1.2:8080', '10.44.1.3:8080', '10.44.1.4:8080');
const USERS = ['alice', 'bob', 'carol', 'dave', 'erin'];
const shares = PODS.map((endpoint) => ({ endpoint, share: 1 / 3 }));

describe('XXH64', () => {
  it('gives the published values, for short and long input', () => {
    expect(xxHash64('').toString(16)).toBe('ef46db3751d8e999');
    expect(xxHash64('a').toString(16)).toBe('d24ec4f1a98c6e5b');
    expect(xxHash64('abc').toString(16)).toBe('44bc2cf5ad770999');
    const long = 'Call me Ishmael. Some years ago--never mind how long precisely-';
    expect(xxHash64(long).toString(16)).toBe('2a2e85470d6fd96');
  });
});

describe('the ring', () => {
  it('has its points where Envoy has them', () => {
    const reached = (size: number): readonly number[] => {
      const ring = buildRing(shares, size);
      return USERS.map((user) => PODS.findIndex(({ key }) => key === ring(xxHash64(user), 0)?.key));
    };
    expect(reached(64)).toEqual([1, 0, 0, 2, 1]);
    expect(reached(1024).slice(0, 3)).toEqual([1, 1, 0]);
  });

  it('begins again past its last point', () => {
    const ring = buildRing(shares, 64);
    expect(ring(2n ** 64n - 1n, 0)).toBe(ring(0n, 0));
  });

  it('shares by weight', () => {
    const [light, heavy] = PODS;
    if (light === undefined || heavy === undefined) throw new Error('two pods');
    const ring = buildRing(
      [
        { endpoint: light, share: 0.1 },
        { endpoint: heavy, share: 0.9 },
      ],
      1024,
    );
    const hits = Array.from({ length: 1000 }, (_, index) => ring(xxHash64(`user-${index}`), 0));
    const part = hits.filter((endpoint) => endpoint === light).length;
    expect(part).toBeGreaterThan(50);
    expect(part).toBeLessThan(160);
  });
});

describe("Maglev's table", () => {
  it('shares alike and moves little when an endpoint goes', () => {
    const all = buildMaglev(shares, 1009);
    const fewer = buildMaglev(
      shares.slice(0, 2).map(({ endpoint }) => ({ endpoint, share: 1 / 2 })),
      1009,
    );
    const counts = new Map<string, number>();
    let moved = 0;
    for (let index = 0; index < 1009; index += 1) {
      const before = all(BigInt(index), 0);
      counts.set(before?.key ?? '', (counts.get(before?.key ?? '') ?? 0) + 1);
      if (before !== PODS[2] && before !== fewer(BigInt(index), 0)) moved += 1;
    }
    expect([...counts.values()].every((count) => count === 336 || count === 337)).toBe(true);
    expect(moved).toBeLessThan(120);
  });
});

describe('what is hashed', () => {
  it('is a header, whatever the order of its lines', () => {
    const policy: readonly HashPolicy[] = [{ kind: 'header', name: 'x-user' }];
    expect(hash(policy, request('/', { 'x-user': ['alice'] })).hash).toBe(xxHash64('alice'));
    expect(hash(policy, request('/')).hash).toBeUndefined();
    const one = hash(policy, request('/', { 'x-user': ['a', 'b'] })).hash;
    expect(one).toBe(hash(policy, request('/', { 'x-user': ['b', 'a'] })).hash);
    expect(one).not.toBe(hash(policy, request('/', { 'x-user': ['a'] })).hash);
  });

  it('is the first query parameter of the name, not decoded', () => {
    const policy: readonly HashPolicy[] = [{ kind: 'query', name: 'user' }];
    expect(hash(policy, request('/?x=1&user=a%20b&user=c')).hash).toBe(xxHash64('a%20b'));
    expect(hash(policy, request('/?users=a')).hash).toBeUndefined();
  });

  it('is the address a request comes from', () => {
    expect(hash([{ kind: 'source-address' }], request('/')).hash).toBe(xxHash64('10.44.1.1'));
    expect(hashConnection([{ kind: 'source-address' }], '10.44.1.1')).toBe(xxHash64('10.44.1.1'));
    expect(hashConnection([{ kind: 'header', name: 'x' }], '10.44.1.1')).toBeUndefined();
    expect(hashConnection(undefined, '10.44.1.1')).toBeUndefined();
  });

  it('is a cookie, which is made only where it has a time to live', () => {
    const creation = {
      maxAgeSeconds: 60,
      path: '/',
      attributes: [
        ['SameSite', 'Lax'],
        ['Secure', ''],
      ] as const,
    };
    const policy: HashPolicy = { kind: 'cookie', name: 'sess', creation };
    const given = hash([policy], request('/', { cookie: ['x=1; sess="abc"'] }));
    expect(given).toEqual({ hash: xxHash64('abc'), cookies: [] });
    expect(hash([{ ...policy, creation: undefined }], request('/'))).toEqual({ hash: undefined, cookies: [] });
    const made = hash([policy], request('/'));
    const value = xxHash64('10.44.1.1:5000010.144.0.1:80').toString(16).padStart(16, '0');
    expect(made.cookies).toEqual([`sess="${value}"; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly`]);
    expect(made.hash).toBe(xxHash64(value));
    const session = { ...policy, creation: { maxAgeSeconds: 0, path: '', attributes: [] } };
    expect(hash([session], request('/')).cookies).toEqual([`sess="${value}"; HttpOnly`]);
  });

  it('is all of it where several policies apply', () => {
    const policies: readonly HashPolicy[] = [{ kind: 'header', name: 'x-user' }, { kind: 'source-address' }];
    const both = hash(policies, request('/', { 'x-user': ['alice'] })).hash;
    expect(both).not.toBe(hash([...policies].reverse(), request('/', { 'x-user': ['alice'] })).hash);
    expect(hash(policies, request('/')).hash).toBe(xxHash64('10.44.1.1'));
  });
});

describe('a hashing cluster', () => {
  it('sends the same hash to the same endpoint and others anywhere', () => {
    const cluster = balanced({ kind: 'ring-hash', tableSize: 64 }, PODS);
    const state = createBalancerState();
    const draws = [0.1, 0.9, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4];
    const random = (): number => draws.shift() ?? 0;
    const picked = [1, 2, 3].map(() => pickEndpoint(cluster, state, random, 0, { hash: xxHash64('alice') })?.key);
    expect(picked).toEqual(['10.44.1.3:8080', '10.44.1.3:8080', '10.44.1.3:8080']);
    expect(draws).toHaveLength(8);
    const anywhere = [1, 2, 3, 4].map(() => pickEndpoint(cluster, state, random, 0)?.key);
    expect(new Set(anywhere).size).toBeGreaterThan(1);
  });

  it('looks further along the ring when a retry avoids an endpoint', () => {
    const cluster = balanced({ kind: 'ring-hash', tableSize: 64 }, PODS);
    const tried = new Set(['10.44.1.3:8080']);
    const picked = pickEndpoint(cluster, createBalancerState(), () => 0, 0, { hash: xxHash64('alice'), tried });
    expect(picked?.key).not.toBe('10.44.1.3:8080');
  });
});

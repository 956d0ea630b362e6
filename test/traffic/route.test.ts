import { describe, expect, it } from 'vitest';
import { buildRouteTable } from '../../src/traffic/compile/route-table.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import { findVirtualHost, matchRoute, pickDestination } from '../../src/traffic/route.ts';
import type { Route, RouteMatch, StringMatcher, VirtualHost } from '../../src/traffic/tables.ts';

const host = (name: string, ...domains: readonly string[]): VirtualHost => ({
  name,
  domains,
  routes: [],
  origin: undefined,
});

const ANYTHING: RouteMatch = {
  path: undefined,
  ignoreCase: false,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  query: [],
};

const route = (match: Partial<RouteMatch>): Route => ({
  name: 'wanted',
  match: { ...ANYTHING, ...match },
  action: { kind: 'respond', status: 200, body: '', fault: undefined },
  requestHeaders: undefined,
  responseHeaders: undefined,
  operation: '',
  origin: undefined,
});

const request = (path: string, headers: Readonly<Record<string, readonly string[]>> = {}): RequestHead => ({
  method: 'GET',
  path,
  authority: 'reviews',
  scheme: 'http',
  headerValues: (name) => headers[name] ?? [],
});

const matches = (match: Partial<RouteMatch>, head: RequestHead): boolean =>
  matchRoute({ name: 'v', domains: ['*'], routes: [route(match)], origin: undefined }, head) !== undefined;

describe('finding the virtual host', () => {
  const table = buildRouteTable(
    '80',
    [
      host('exact', 'reviews', 'reviews:80'),
      host('short', '*.example.com'),
      host('long', '*.shop.example.com'),
      host('late', 'reviews'),
      host('any', '*'),
    ],
    false,
  );

  it.each([
    ['reviews', 'exact'],
    ['REVIEWS', 'exact'],
    ['reviews:80', 'exact'],
    ['reviews:81', 'any'],
    ['reviews.', 'any'],
    ['a.example.com', 'short'],
    ['a.shop.example.com', 'long'],
    ['.example.com', 'any'],
    ['example.com', 'any'],
  ])('%s belongs to %s', (authority, name) => {
    expect(findVirtualHost(table, authority)?.name).toBe(name);
  });

  it('ignores the port where the table says so', () => {
    const gateway = buildRouteTable('http.8080', [host('a', 'a.com'), host('v6', '[::1]')], true);
    expect(findVirtualHost(gateway, 'A.com:8443')?.name).toBe('a');
    expect(findVirtualHost(gateway, '[::1]:8443')?.name).toBe('v6');
    expect(findVirtualHost(gateway, '[::1]')?.name).toBe('v6');
    expect(findVirtualHost(gateway, 'a.com:x')).toBeUndefined();
  });

  it('finds nothing where no host and no wildcard fits', () => {
    expect(findVirtualHost(buildRouteTable('80', [host('a', 'a.com')], true), 'b.com')).toBeUndefined();
  });
});

describe('matching the path', () => {
  const regex: StringMatcher = { kind: 'regex', source: '/[0-9]+', test: (text) => /^\/[0-9]+$/.test(text) };

  it.each<[StringMatcher, string, boolean]>([
    [{ kind: 'exact', value: '/exact' }, '/exact', true],
    [{ kind: 'exact', value: '/exact' }, '/exact?a=1', true],
    [{ kind: 'exact', value: '/exact' }, '/exact/', false],
    [{ kind: 'prefix', value: '/pre' }, '/prefix', true],
    [{ kind: 'segment-prefix', value: '/pre' }, '/prefix', false],
    [{ kind: 'segment-prefix', value: '/pre' }, '/pre/x', true],
    [{ kind: 'segment-prefix', value: '/pre' }, '/pre', true],
    [regex, '/12?a=b', true],
    [regex, '/12/', false],
  ])('%o on %s: %s', (path, target, expected) => {
    expect(matches({ path }, request(target))).toBe(expected);
  });

  it('ignores case for exact and prefix but not for a regex', () => {
    const ignoreCase = true;
    expect(matches({ path: { kind: 'prefix', value: '/abc' }, ignoreCase }, request('/ABCd'))).toBe(true);
    const letters: StringMatcher = { kind: 'regex', source: '/a', test: (text) => text === '/a' };
    expect(matches({ path: letters, ignoreCase }, request('/A'))).toBe(false);
  });
});

describe('matching headers', () => {
  const header = (value: StringMatcher, invert = false, matchesAbsent = false): Partial<RouteMatch> => ({
    headers: [{ name: 'x', value, invert, matchesAbsent }],
  });

  it('takes one line of several, and no part of a line', () => {
    const yes = header({ kind: 'exact', value: 'yes' });
    expect(matches(yes, request('/', { x: ['no', 'yes'] }))).toBe(true);
    expect(matches(yes, request('/', { x: ['no,yes'] }))).toBe(false);
  });

  it('asks for presence: empty is present, absent is not', () => {
    expect(matches(header({ kind: 'present' }), request('/', { x: [''] }))).toBe(true);
    expect(matches(header({ kind: 'present' }), request('/'))).toBe(false);
  });

  it('inverts, and says itself whether absence counts', () => {
    const not = (absent: boolean): Partial<RouteMatch> => header({ kind: 'exact', value: 'a' }, true, absent);
    expect(matches(not(true), request('/', { x: ['b'] }))).toBe(true);
    expect(matches(not(true), request('/', { x: ['a'] }))).toBe(false);
    expect(matches(not(true), request('/'))).toBe(true);
    expect(matches(not(false), request('/'))).toBe(false);
  });
});

describe('matching the query', () => {
  const query = (value: StringMatcher): Partial<RouteMatch> => ({ query: [{ name: 'q', value }] });

  it.each([
    ['/?q=1', true],
    ['/?q=2&q=1', false],
    ['/?a=b&q=1', true],
    ['/?Q=1', false],
    ['/?q=%31', false],
    ['/?qq=1', false],
    ['/', false],
  ])('%s has q=1: %s', (target, expected) => {
    expect(matches(query({ kind: 'exact', value: '1' }), request(target))).toBe(expected);
  });

  it('an empty value is also a key without a value', () => {
    const empty = query({ kind: 'exact', value: '' });
    expect(matches(empty, request('/?q'))).toBe(true);
    expect(matches(empty, request('/?q='))).toBe(true);
    expect(matches(empty, request('/?q&a'))).toBe(true);
    expect(matches(empty, request('/?a'))).toBe(false);
  });
});

describe('picking a destination', () => {
  const to = (cluster: string, weight: number) => ({
    cluster,
    weight,
    requestHeaders: undefined,
    responseHeaders: undefined,
    origin: undefined,
  });

  it('follows the weights, which need not add up to 100', () => {
    const action = { destinations: [to('a', 1), to('b', 3)] as const, totalWeight: 4 };
    const picked = [0, 0.24, 0.25, 0.99].map((random) => pickDestination(action, random).cluster);
    expect(picked).toEqual(['a', 'a', 'b', 'b']);
  });

  it('gives everything to a lone destination of weight 0', () => {
    expect(pickDestination({ destinations: [to('a', 0)], totalWeight: 0 }, 0.5).cluster).toBe('a');
  });
});

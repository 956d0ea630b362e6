import { describe, expect, it } from 'vitest';
import { obeys } from '../../../src/analysis/validate/cel-environment.ts';
import { refuseHeaderValue } from '../../../src/analysis/validate/header-value.ts';
import { refusePathTemplate } from '../../../src/analysis/validate/path-template.ts';
import { parseRequestUri } from '../../../src/analysis/validate/request-uri.ts';
import {
  findOverlaps,
  isSubnet,
  refuseDuration,
  refuseWildcardDomain,
} from '../../../src/analysis/validate/text-rules.ts';

describe('header values', () => {
  it.each([
    '',
    'plain',
    '100%%',
    '%REQ(x-id)%',
    '%DYNAMIC_METADATA(["a", "b\\"c"])%',
    '%START_TIME( %s )%',
    'a %PROTOCOL% b',
  ])('with whole variables pass: %s', (value) => {
    expect(refuseHeaderValue(value)).toBeUndefined();
  });

  it.each(['50%', '%REQ(x-id)', '%DYNAMIC_METADATA([a])%', '%DYNAMIC_METADATA(["a" "b"])%', '%UNCLOSED', 'bell\u0007'])(
    'with broken ones do not: %s',
    (value) => {
      expect(refuseHeaderValue(value)).toEqual(expect.any(String));
    },
  );
});

describe('names and addresses', () => {
  it('may begin with a star and end with a dot, but not with a number', () => {
    expect(['*', '*.example.com', '*foo.example.com', 'Reviews', 'a.b.'].map(refuseWildcardDomain)).toEqual(
      Array(5).fill(undefined),
    );
    for (const bad of ['', 'a..b', '10.0.0.1', 'under_score.com', 'a.*.com'])
      expect(refuseWildcardDomain(bad)).toBeDefined();
  });

  it('overlap when one wildcard is under the other', () => {
    expect(findOverlaps(['*.com', 'bar.com'])).toEqual([{ first: 0, second: 1 }]);
    expect(findOverlaps(['*.foo.com', 'foo.com'])).toEqual([]);
    expect(findOverlaps(['*.a.com', '*.com', 'b.org', 'b.org'])).toEqual([
      { first: 2, second: 3 },
      { first: 0, second: 1 },
    ]);
  });

  it('are compared in no time, however many', () => {
    const hosts = Array.from({ length: 100_000 }, (_, index) => `${index % 2 === 0 ? '*.' : ''}h${index}.example.com`);
    const started = performance.now();
    expect(findOverlaps(hosts)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('are addresses or blocks of both families', () => {
    expect(['10.0.0.1', '10.0.0.0/8', '::1', 'fe80::1%eth0', '2001:db8::/32'].every(isSubnet)).toBe(true);
    expect(['10.0.0.0/40', '300.0.0.1', 'a', '1/2/3'].some(isSubnet)).toBe(false);
  });

  it('of durations are whole milliseconds', () => {
    expect(refuseDuration('1m')).toBeUndefined();
    expect(refuseDuration('0.5ms')).toBeDefined();
    expect(refuseDuration('1.5ms')).toBeDefined();
  });
});

describe('path templates', () => {
  it('stand for whole segments, and {**} comes last', () => {
    expect(['/a/{*}/b', '/a/{**}', '/plain*', '/{*}/{**}'].map(refusePathTemplate)).toEqual(Array(4).fill(undefined));
    for (const bad of ['/a/{**}/{*}', '/a/{id}', '/{*}.txt', '/a b/{*}']) expect(refusePathTemplate(bad)).toBeDefined();
  });
});

describe('request URIs', () => {
  it.each([
    ['https://example.com/a', 'https'],
    ['oci://registry:5000/x', 'oci'],
    ['/path', ''],
    ['foo.com:abc', 'foo.com'],
  ])('are read as Go reads them: %s', (text, scheme) => {
    expect(parseRequestUri(text)?.scheme).toBe(scheme);
  });

  it.each(['', 'a/b', 'https://example.com/%zz', 'oci://:::bad', 'http://a b/', ':x'])('are not: %s', (text) => {
    expect(parseRequestUri(text)).toBeUndefined();
  });
});

describe('CEL rules', () => {
  it('hold or do not for integers, lists and missing keys', () => {
    expect(obeys('0 < self && self <= 65535', 80n)).toBe(true);
    expect(obeys('0 < self && self <= 65535', 0n)).toBe(false);
    expect(obeys('self.all(a, self.exists_one(b, a.n == b.n))', [{ n: 1n }, { n: 1n }])).toBe(false);
    expect(obeys('self.value != ""', {})).toBe(false);
  });

  it('ask for fields behind an index', () => {
    const rule = '(self.size() > 0 ? (has(self[0].a.b) ? 1 : 0) : 0) == 1';
    expect(obeys(rule, [{ a: { b: 1n } }])).toBe(true);
    expect(obeys(rule, [{ a: {} }])).toBe(false);
  });

  it('that compare with the stored object hold', () => {
    expect(obeys('self == oldSelf', 'a')).toBe(true);
  });

  it('match in linear time, anywhere in the text', () => {
    expect(obeys('self.matches("b+")', 'abc')).toBe(true);
    const started = performance.now();
    expect(obeys('self.matches("^(a+)+$")', `${'a'.repeat(5000)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

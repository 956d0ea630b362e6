import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { parseSpiffeId, spiffeId, spiffeIdsOf, uriNamesOf } from '../../src/ca/spiffe.ts';

describe('a SPIFFE ID', () => {
  test('of a Kubernetes service account is taken apart', () => {
    expect(parseSpiffeId('spiffe://cluster.local/ns/default/sa/bookinfo-reviews')).toEqual({
      kind: 'valid',
      id: {
        text: 'spiffe://cluster.local/ns/default/sa/bookinfo-reviews',
        trustDomain: 'cluster.local',
        path: '/ns/default/sa/bookinfo-reviews',
        namespace: 'default',
        serviceAccount: 'bookinfo-reviews',
      },
    });
  });

  test('of another shape is valid and has no namespace', () => {
    expect(parseSpiffeId('spiffe://td/vm/1')).toEqual({
      kind: 'valid',
      id: { text: 'spiffe://td/vm/1', trustDomain: 'td', path: '/vm/1' },
    });
  });

  test.each(['spiffe://td/ns/a/sa/b/more', 'spiffe://td/ns/a', 'spiffe://td/sa/a/ns/b', 'spiffe://td/x/ns/a/sa/b'])(
    '%s is valid and not one of a service account',
    (text) => {
      const parsed = parseSpiffeId(text);
      expect(parsed.kind === 'valid' && parsed.id.namespace).toBe(undefined);
      expect(parsed.kind).toBe('valid');
    },
  );

  test.each([
    ['the empty text', ''],
    ['another scheme', 'https://td/ns/a/sa/b'],
    ['an upper case scheme', 'SPIFFE://td/ns/a/sa/b'],
    ['a scheme without slashes', 'spiffe:td/ns/a/sa/b'],
    ['leading space', ' spiffe://td/a'],
    ['an empty trust domain', 'spiffe:///ns/a/sa/b'],
    ['an upper case trust domain', 'spiffe://Cluster.local/ns/a/sa/b'],
    ['a user in the authority', 'spiffe://me@td/ns/a/sa/b'],
    ['a port in the authority', 'spiffe://td:443/ns/a/sa/b'],
    ['an IPv6 authority', 'spiffe://[::1]/ns/a/sa/b'],
    ['a trust domain with letters beyond ASCII', 'spiffe://tä/ns/a/sa/b'],
    ['a trust domain of 256 bytes', `spiffe://${'a'.repeat(256)}/x`],
    ['a query', 'spiffe://td/ns/a/sa/b?x=1'],
    ['a fragment', 'spiffe://td/ns/a/sa/b#x'],
    ['a percent escape', 'spiffe://td/ns/a/sa/%62'],
    ['a trailing slash', 'spiffe://td/ns/a/sa/b/'],
    ['a slash alone', 'spiffe://td/'],
    ['an empty segment', 'spiffe://td/ns//sa/b'],
    ['a dot segment', 'spiffe://td/ns/./sa/b'],
    ['a dot dot segment', 'spiffe://td/ns/../sa/b'],
    ['a backslash', 'spiffe://td/ns\\a'],
    ['a line break', 'spiffe://td/a\n'],
    ['a NUL', 'spiffe://td/a\0'],
    ['a comma', 'spiffe://td/a,URI:spiffe://td/b'],
    ['2049 bytes', `spiffe://td/${'a'.repeat(2049 - 'spiffe://td/'.length)}`],
  ])('is refused with %s', (_what, text) => {
    expect(parseSpiffeId(text).kind).toBe('invalid');
  });

  test('is accepted up to 2048 bytes and a trust domain of 255', () => {
    expect(parseSpiffeId(`spiffe://td/${'a'.repeat(2048 - 'spiffe://td/'.length)}`).kind).toBe('valid');
    expect(parseSpiffeId(`spiffe://${'a'.repeat(255)}/x`).kind).toBe('valid');
  });
});

describe('the identity of a service account', () => {
  test('has the form Istio gives it', () => {
    expect(spiffeId('cluster.local', 'default', 'reviews')).toBe('spiffe://cluster.local/ns/default/sa/reviews');
  });

  test.each([
    ['cluster.local', 'default', ''],
    ['cluster.local', 'a/b', 'c'],
    ['cluster.local', 'default', 'x/sa/y'],
    ['cluster.local', '..', 'c'],
    ['Cluster', 'default', 'c'],
    ['td/ns/evil/sa/evil', 'default', 'c'],
  ])('is refused for %j %j %j', (trustDomain, namespace, serviceAccount) => {
    expect(() => spiffeId(trustDomain, namespace, serviceAccount)).toThrowError(
      expect.objectContaining({ code: 'INVALID_SPIFFE_ID', kind: 'input' }),
    );
    expect(() => spiffeId(trustDomain, namespace, serviceAccount)).toThrowError(Fault);
  });
});

describe('the names of a certificate', () => {
  test('are none when it has no alternative names', () => {
    expect(uriNamesOf({ subjectAltName: undefined })).toEqual([]);
  });

  test('are its URIs in their order, among names of other kinds', () => {
    const certificate = { subjectAltName: 'DNS:a.example, URI:spiffe://td/b, IP Address:1.2.3.4, URI:https://x/' };
    expect(uriNamesOf(certificate)).toEqual(['spiffe://td/b', 'https://x/']);
    expect(spiffeIdsOf(certificate)).toEqual(['spiffe://td/b']);
  });

  test('cannot be forged by a comma or a quote within another name, which Node prints in JSON quotes', () => {
    expect(uriNamesOf({ subjectAltName: 'DNS:"x, URI:spiffe://td/evil", URI:spiffe://td/good' })).toEqual([
      'spiffe://td/good',
    ]);
    expect(uriNamesOf({ subjectAltName: 'URI:"http://a/\\", URI:spiffe://td/evil"' })).toEqual([
      'http://a/", URI:spiffe://td/evil',
    ]);
  });
});

import { expect, test } from 'vitest';
import { parseServiceFqdn, qualifyReference, resolveShortName, serviceFqdn } from '../../src/model/names.ts';

test('a host without dots is a Service of the namespace', () => {
  expect(resolveShortName('reviews', 'shop')).toBe('reviews.shop.svc.cluster.local');
});

test.each(['reviews.other', 'a.com', '*.a.com', '*', '10.0.0.1', '2001:db8::1', ''])('the host "%s" stays', (host) => {
  expect(resolveShortName(host, 'shop')).toBe(host);
});

test('the full name of a Service is taken apart again', () => {
  expect(parseServiceFqdn(serviceFqdn('a', 'b'))).toEqual({ name: 'a', namespace: 'b' });
  expect(parseServiceFqdn('x.a.b.svc.cluster.local')).toBeUndefined();
  expect(parseServiceFqdn('a.com')).toBeUndefined();
});

test('a bare reference means the namespace of the object that makes it', () => {
  expect(qualifyReference('gw', 'shop')).toEqual({ namespace: 'shop', name: 'gw' });
  expect(qualifyReference('edge/gw', 'shop')).toEqual({ namespace: 'edge', name: 'gw' });
});

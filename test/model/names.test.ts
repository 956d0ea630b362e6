import { expect, test } from 'vitest';
import { resolveShortName } from '../../src/model/names.ts';

test('a host without dots is a Service of the namespace', () => {
  expect(resolveShortName('reviews', 'shop')).toBe('reviews.shop.svc.cluster.local');
});

test.each(['reviews.other', 'a.com', '*.a.com', '*', '10.0.0.1', '2001:db8::1', ''])('the host "%s" stays', (host) => {
  expect(resolveShortName(host, 'shop')).toBe(host);
});

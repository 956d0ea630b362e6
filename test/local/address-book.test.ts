import { describe, expect, it } from 'vitest';
import { createAddressBook } from '../../src/local/address-book.ts';

describe('address book', () => {
  it('hands out pod addresses in the order of asking and keeps them', () => {
    const book = createAddressBook(44);
    expect([book.podAddress('default/a-0'), book.podAddress('default/b-0'), book.podAddress('default/a-0')]).toEqual([
      '10.44.1.1',
      '10.44.1.2',
      '10.44.1.1',
    ]);
  });

  it('gives services a range of their own', () => {
    expect(createAddressBook(44).serviceAddress('default/reviews')).toBe('10.44.64.1');
  });

  it('gives the address of a pod that is gone to the next, and leaves the others alone', () => {
    const book = createAddressBook(20);
    book.podAddress('default/a-0');
    book.podAddress('default/b-0');
    book.keepOnly(new Set(['default/b-0']), new Set());
    expect([book.podAddress('default/b-0'), book.podAddress('default/c-0')]).toEqual(['10.20.1.2', '10.20.1.1']);
  });

  it('skips .0 and .255 and goes on in the next block', () => {
    const book = createAddressBook(44);
    const addresses = Array.from({ length: 300 }, (_, at) => book.podAddress(`default/p-${at}`));
    expect(addresses[253]).toBe('10.44.1.254');
    expect(addresses[254]).toBe('10.44.2.1');
    expect(addresses.filter((address) => /\.(0|255)$/.test(address))).toEqual([]);
    expect(new Set(addresses).size).toBe(300);
  });

  it('says of how many pods it has no address for more', () => {
    const book = createAddressBook(44);
    for (let at = 0; at < 63 * 254; at += 1) book.podAddress(`default/p-${at}`);
    expect(() => book.podAddress('default/one-more')).toThrow(
      expect.objectContaining({ code: 'OUT_OF_ADDRESSES', message: expect.stringContaining('16002 pods') }),
    );
    expect(book.serviceAddress('default/reviews')).toBe('10.44.64.1');
  });
});

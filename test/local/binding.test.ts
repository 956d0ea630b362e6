import { describe, expect, it } from 'vitest';
import { parseBinding } from '../../src/local/binding.ts';

describe('the annotation that binds a pod to a process', () => {
  it('takes a port, or a loopback address with a port', () => {
    expect(parseBinding('3000')).toEqual({ host: '127.0.0.1', port: 3000 });
    expect(parseBinding('127.0.0.2:3000')).toEqual({ host: '127.0.0.2', port: 3000 });
    expect(parseBinding('[::1]:3000')).toEqual({ host: '::1', port: 3000 });
    expect(parseBinding('localhost:3000')).toEqual({ host: 'localhost', port: 3000 });
  });

  it('refuses other machines and what is no port', () => {
    for (const text of ['', '0', '65536', 'x', '10.0.0.1:80', 'example.com:80', '127.0.0.1', ':80'])
      expect(parseBinding(text), text).toBeUndefined();
  });
});

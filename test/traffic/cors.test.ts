import { describe, expect, it } from 'vitest';
import { decideCors } from '../../src/traffic/cors.ts';
import type { RequestHead } from '../../src/traffic/request.ts';
import type { CorsPolicy } from '../../src/traffic/tables.ts';

const policy: CorsPolicy = {
  allowOrigins: [{ kind: 'exact', value: 'https://a.com' }],
  allowMethods: 'GET,POST',
  allowHeaders: '*',
  exposeHeaders: 'x-one',
  maxAge: '60',
  allowCredentials: true,
  forwardUnmatchedPreflights: true,
};

const request = (method: string, headers: Readonly<Record<string, string>>): RequestHead => ({
  method,
  path: '/',
  authority: 'reviews',
  scheme: 'http',
  headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
});

const preflight = (origin: string): RequestHead =>
  request('OPTIONS', {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-a,x-b',
  });

describe('CORS', () => {
  it('answers a preflight of an allowed origin, whatever it asks for', () => {
    expect(decideCors(policy, preflight('https://a.com'))).toEqual({
      kind: 'preflight',
      headers: [
        ['access-control-allow-origin', 'https://a.com'],
        ['access-control-allow-credentials', 'true'],
        ['access-control-allow-methods', 'GET,POST'],
        ['access-control-allow-headers', 'x-a,x-b'],
        ['access-control-max-age', '60'],
        ['access-control-expose-headers', 'x-one'],
      ],
    });
  });

  it('forwards the preflight of a foreign origin, or answers it without allow-origin', () => {
    expect(decideCors(policy, preflight('https://evil.com'))).toEqual({ kind: 'none' });
    const ignoring = decideCors({ ...policy, forwardUnmatchedPreflights: false }, preflight('https://evil.com'));
    expect(ignoring).toEqual({
      kind: 'preflight',
      headers: [
        ['access-control-allow-credentials', 'true'],
        ['access-control-allow-methods', 'GET,POST'],
        ['access-control-allow-headers', 'x-a,x-b'],
        ['access-control-max-age', '60'],
      ],
    });
  });

  it('marks the answer to an actual request', () => {
    expect(decideCors(policy, request('GET', { origin: 'https://a.com' }))).toEqual({
      kind: 'actual',
      headers: [
        ['access-control-allow-origin', 'https://a.com'],
        ['access-control-allow-credentials', 'true'],
        ['access-control-expose-headers', 'x-one'],
      ],
    });
  });

  it('leaves foreign origins, requests without origin and routes without policy alone', () => {
    expect(decideCors(policy, request('GET', { origin: 'https://evil.com' })).kind).toBe('none');
    expect(decideCors(policy, request('GET', {})).kind).toBe('none');
    expect(decideCors(undefined, preflight('https://a.com')).kind).toBe('none');
  });
});

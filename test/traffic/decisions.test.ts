import { describe, expect, it } from 'vitest';
import { decideFault, isSampled } from '../../src/traffic/fault.ts';
import { applyHeaderOperations } from '../../src/traffic/headers.ts';
import { selectOutbound } from '../../src/traffic/listener.ts';
import { redirectLocation } from '../../src/traffic/redirect.ts';
import { compileRegex } from '../../src/traffic/regex.ts';
import { rewritePath } from '../../src/traffic/rewrite.ts';
import type { HeaderOperations, OutboundListener, RouteAction } from '../../src/traffic/tables.ts';

describe('a fault', () => {
  const abort = { status: 418, grpcStatus: undefined, percent: 50 };

  it('delays and aborts independently', () => {
    const fault = { delay: { ms: 700, percent: 50 }, abort };
    const draws = [0.4, 0.6, 0.6, 0.4];
    const next = (): number => draws.shift() ?? 0;
    expect(decideFault(fault, next)).toEqual({ delayMs: 700, abort: undefined });
    expect(decideFault(fault, next)).toEqual({ delayMs: 0, abort });
  });

  it('of 0 percent never fires and of 100 always does', () => {
    expect(isSampled(0, 0)).toBe(false);
    expect(isSampled(100, 0.999_999_999)).toBe(true);
  });

  it('is nothing where a route has none', () => {
    expect(decideFault(undefined, () => 0)).toEqual({ delayMs: 0, abort: undefined });
  });
});

describe('header operations', () => {
  const apply = (levels: readonly HeaderOperations[], start: Readonly<Record<string, string>>): unknown => {
    const headers = new Map(Object.entries(start));
    applyHeaderOperations(
      levels,
      {
        set: (name, value) => headers.set(name, value),
        add: (name, value) => headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value),
        remove: (name) => headers.delete(name),
      },
      (template) => (template === '%EMPTY%' ? '' : `<${template}>`),
    );
    return Object.fromEntries(headers);
  };

  it('go from the destination to the route, whose set wins and whose add comes last', () => {
    const destination = { set: [['x-both', 'dest'] as const], add: [['x-add', 'dest'] as const], remove: ['x-in'] };
    const route = { set: [['x-both', 'route'] as const], add: [['x-add', 'route'] as const], remove: [] };
    expect(apply([destination, route], { 'x-both': 'client', 'x-add': 'client', 'x-in': '1' })).toEqual({
      'x-both': 'route',
      'x-add': 'client,dest,route',
    });
  });

  it('expand operators, and leave the header alone when nothing comes out', () => {
    const set = [['x-path', '%REQ(:PATH)%'] as const, ['x-none', '%EMPTY%'] as const, ['x-empty', ''] as const];
    expect(apply([{ set, add: [['x-more', '%EMPTY%']], remove: [] }], { 'x-none': 'kept' })).toEqual({
      'x-path': '<%REQ(:PATH)%>',
      'x-none': 'kept',
    });
  });
});

describe('choosing the outbound listener', () => {
  const listener = (name: string): OutboundListener => ({ name, protocol: 'auto', routes: undefined, tcp: undefined });
  const tables = {
    byAddress: new Map([['10.144.0.1:85', listener('own')]]),
    byPort: new Map([
      [80, listener('shared')],
      [85, listener('shared 85')],
    ]),
    unknown: 'passthrough' as const,
  };

  it('prefers the address, then the port, then what the mesh does with the unknown', () => {
    const name = (address: string, port: number): unknown => {
      const chosen = selectOutbound(tables, address, port);
      return typeof chosen === 'string' ? chosen : chosen.name;
    };
    expect(name('10.144.0.1', 85)).toBe('own');
    expect(name('10.144.0.2', 85)).toBe('shared 85');
    expect(name('10.144.0.1', 80)).toBe('shared');
    expect(name('10.144.0.1', 9000)).toBe('passthrough');
  });
});

describe('rewriting a path', () => {
  const prefix = (from: string, value: string) =>
    ({ authority: undefined, path: { kind: 'replace-prefix', prefix: from, value } }) as const;

  it('replaces the matched prefix and keeps rest and query', () => {
    expect(rewritePath(prefix('/api/', '/'), '/api/x?q=/api/')).toBe('/x?q=/api/');
    expect(rewritePath(prefix('/', '/new'), '/a/b')).toBe('/newa/b');
    expect(rewritePath(prefix('/n', '/'), '/n/x')).toBe('//x');
  });

  it('replaces a whole path and keeps the query', () => {
    expect(rewritePath({ authority: undefined, path: { kind: 'replace', value: '/new' } }, '/a/b?c=d')).toBe(
      '/new?c=d',
    );
  });

  it('lets a regex see the path only', () => {
    const replace = (path: string): string => path.replaceAll('a', 'b');
    const path = { kind: 'regex', replace, pattern: 'a', substitution: 'b' } as const;
    expect(rewritePath({ authority: undefined, path }, '/a?a=a')).toBe('/b?a=a');
  });

  it('leaves the path when only the authority changes', () => {
    expect(rewritePath({ authority: 'x', path: undefined }, '/a?b')).toBe('/a?b');
  });
});

describe('the Location of a redirect', () => {
  type Redirect = Extract<RouteAction, { readonly kind: 'redirect' }>;
  const request = { scheme: 'http', authority: 'a.com:8080', path: '/old?q=1' };
  const location = (fields: Partial<Redirect>, head = request): string =>
    redirectLocation(
      {
        kind: 'redirect',
        code: 301,
        scheme: undefined,
        authority: undefined,
        port: undefined,
        path: undefined,
        fault: undefined,
        ...fields,
      },
      head,
    );

  it('changes only what the rule names', () => {
    expect(location({ path: { kind: 'replace', value: '/new' } })).toBe('http://a.com:8080/new?q=1');
    expect(location({ authority: 'b.com' })).toBe('http://b.com/old?q=1');
    expect(location({ scheme: 'https' })).toBe('https://a.com:8080/old?q=1');
    expect(location({ port: 8443 })).toBe('http://a.com:8443/old?q=1');
  });

  it('drops the old default port when the scheme changes', () => {
    expect(location({ scheme: 'https' }, { ...request, authority: 'a.com:80' })).toBe('https://a.com/old?q=1');
  });

  it('prefers a query of its own', () => {
    expect(location({ path: { kind: 'replace', value: '/new?own=1' } })).toBe('http://a.com:8080/new?own=1');
  });

  it('replaces a prefix for the Gateway API', () => {
    const path = { kind: 'replace-prefix', prefix: '/old', value: '/new' } as const;
    expect(location({ path }, { ...request, path: '/old/x?q=1' })).toBe('http://a.com:8080/new/x?q=1');
  });
});

describe('a regex', () => {
  const compile = (source: string) => {
    const regex = compileRegex(source);
    if ('refused' in regex) throw new Error(regex.refused);
    return regex;
  };

  it('matches the whole text', () => {
    expect(compile('/[0-9]+').test('/12')).toBe(true);
    expect(compile('/[0-9]+').test('/12/')).toBe(false);
    expect(compile('a|ab').test('ab')).toBe(true);
  });

  it('is refused as a value when RE2 does not know it', () => {
    expect(compileRegex('[')).toHaveProperty('refused');
    expect(compileRegex('(?=a)')).toHaveProperty('refused');
    expect(compileRegex('a'.repeat(1025))).toHaveProperty('refused');
  });

  it('takes linear time on patterns that make backtracking engines hang', () => {
    expect(compile('(a+)+b').test('a'.repeat(5000))).toBe(false);
  });

  it('rewrites with RE2 groups; a dollar sign is only a dollar sign', () => {
    expect(compile('/(\\w+)/(\\w+)').replaceAll('/a/b', '/\\2/\\1')).toBe('/b/a');
    expect(compile('a').replaceAll('a', '$1\\\\')).toBe('$1\\');
    expect(compile('a+').replaceAll('xaa', '[\\0]')).toBe('x[aa]');
  });
});

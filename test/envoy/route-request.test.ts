import { describe, expect, it } from 'vitest';
import { routeRequest } from '../../src/envoy/route-request.ts';

const to = (cluster: string, match: object = { prefix: '/' }, name = '') => ({ match, name, route: { cluster } });

const table = (name: string, hosts: readonly (readonly [domains: readonly string[], routes: readonly object[]])[]) => ({
  last_updated: '2026-01-02T03:04:05Z',
  route_config: { name, virtual_hosts: hosts.map(([domains, routes]) => ({ name: domains[0], domains, routes })) },
});

const section = (...tables: readonly object[]) => ({ dynamic_route_configs: tables });
const request = { method: 'GET', authority: 'web', path: '/', headers: [] };

const clusterFor = (routes: readonly object[], asked: Partial<typeof request> & { headers?: [string, string][] }) =>
  routeRequest(section(table('80', [[['*'], routes]])), 80, { ...request, ...asked })?.clusters[0]?.cluster;

describe('routing by the routes of a proxy', () => {
  it("takes the table of the port, and says how old it is and which of Envoy's names decided", () => {
    const tables = section(
      table('8080', [[['*'], [to('wrong')]]]),
      table('80', [
        [['web', 'web.shop'], [to('right', undefined, 'default')]],
        [['*'], [to('any')]],
      ]),
    );
    expect(routeRequest(tables, 80, { ...request, authority: 'web.shop:80' })).toEqual({
      table: '80',
      virtualHost: 'web',
      route: 'default',
      clusters: [{ cluster: 'right', share: 100 }],
      updated: '2026-01-02T03:04:05Z',
    });
    expect(routeRequest(tables, 81, request)).toBeUndefined();
  });

  it('prefers the exact domain, then the longest wildcard in front, then behind', () => {
    const hosts = [['*'], ['*.com'], ['*.a.com'], ['b.*'], ['x.a.com']].map(
      (domains) => [domains, [to(domains[0] ?? '')]] as const,
    );
    const answerFor = (authority: string) =>
      routeRequest(section(table('80', hosts)), 80, { ...request, authority })?.virtualHost;
    expect(['x.a.com', 'y.a.com', 'y.com', 'b.org', 'z', 'X.A.COM'].map(answerFor)).toEqual([
      'x.a.com',
      '*.a.com',
      '*.com',
      'b.*',
      '*',
      'x.a.com',
    ]);
  });

  it.each([
    [{ prefix: '/api' }, { path: '/api/x?y=1' }, true],
    [{ prefix: '/API', case_sensitive: false }, { path: '/api' }, true],
    [{ path: '/api' }, { path: '/api?y=1' }, true],
    [{ path: '/api' }, { path: '/api/' }, false],
    [{ path_separated_prefix: '/api' }, { path: '/apis' }, false],
    [{ path_separated_prefix: '/api' }, { path: '/api/s' }, true],
    [{ safe_regex: { regex: '/a.c' } }, { path: '/abc' }, true],
    [{ safe_regex: { regex: '/a' } }, { path: '/abc' }, false],
    [{ prefix: '/', headers: [{ name: ':method', string_match: { exact: 'POST' } }] }, {}, false],
    [{ prefix: '/', headers: [{ name: 'user', string_match: { exact: 'j' } }] }, { headers: [['user', 'j']] }, true],
    [{ prefix: '/', headers: [{ name: 'user', present_match: true, invert_match: true }] }, {}, true],
    [{ prefix: '/', headers: [{ name: 'user', string_match: { prefix: 'j' } }] }, {}, false],
    [{ prefix: '/', query_parameters: [{ name: 'v', string_match: { exact: '2' } }] }, { path: '/?v=2' }, true],
    [{ prefix: '/', query_parameters: [{ name: 'v', string_match: { exact: '2' } }] }, { path: '/' }, false],
  ] as const)('%o for %o: %s', (match, asked, isTaken) => {
    const routes = [to('own', match), to('rest')];
    expect(clusterFor(routes, asked as Parameters<typeof clusterFor>[1])).toBe(isTaken ? 'own' : 'rest');
  });

  it('gives weights as shares, and nothing where Envoy answers', () => {
    const weighted = {
      match: { prefix: '/' },
      route: {
        weighted_clusters: {
          clusters: [
            { name: 'a', weight: 9 },
            { name: 'b', weight: 1 },
            { name: 'c', weight: 0 },
          ],
        },
      },
    };
    const answer = (route: object) => routeRequest(section(table('80', [[['*'], [route]]])), 80, request)?.clusters;
    expect(answer(weighted)).toEqual([
      { cluster: 'a', share: 90 },
      { cluster: 'b', share: 10 },
    ]);
    expect(answer({ match: { prefix: '/' }, redirect: {} })).toEqual([]);
  });
});

import { PROXY_PATHS, type ProxyQuery } from '../proxies.ts';
import type { Route } from '../route.ts';

const readProxy = (query: URLSearchParams): ProxyQuery => ({
  proxy: query.get('proxy') ?? '',
  namespace: query.get('namespace') ?? undefined,
});

/** A flag as Envoy takes it: `?include_eds`, or with a value other than `false`. */
const isGiven = (query: URLSearchParams, name: string): boolean => (query.get(name) ?? 'false') !== 'false';

/** Everything about single proxies; of what they have, none of it is a private key. */
export const PROXIES: readonly Route[] = [
  {
    path: PROXY_PATHS.proxies,
    access: 'read',
    answer: async ({ control, query }) => ({
      kind: 'json',
      document: control.proxies.list(query.has('proxy') ? readProxy(query) : undefined),
    }),
  },
  {
    path: PROXY_PATHS.configDump,
    access: 'read',
    answer: async ({ control, query }) => ({
      kind: 'json',
      document: control.proxies.configDump({
        ...readProxy(query),
        includeEndpoints: isGiven(query, 'include_eds'),
        mask: (query.get('mask') ?? '').split(',').filter((field) => field !== ''),
        wanted: isGiven(query, 'wanted'),
      }),
    }),
  },
  {
    path: PROXY_PATHS.clusters,
    access: 'read',
    answer: async ({ control, query }) => ({ kind: 'json', document: control.proxies.clusters(readProxy(query)) }),
  },
  {
    path: PROXY_PATHS.stats,
    access: 'read',
    answer: async ({ control, query }) => ({
      kind: 'text',
      type: 'text/plain; charset=utf-8',
      text: control.proxies.stats(readProxy(query)),
    }),
  },
];

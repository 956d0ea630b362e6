import type { DumpQuery, ProxyList, ProxyQuery } from './proxies.ts';
import { PROXY_PATHS } from './proxies.ts';

/** The proxies of a running mesh, asked over the admin API. */
export interface ProxyClient {
  /** Of all proxies, or of the one that is named. */
  list(which?: ProxyQuery): Promise<ProxyList>;
  /** In the form of Envoy's `/config_dump`. */
  configDump(query: DumpQuery): Promise<object>;
  /** In the form of Envoy's `/clusters?format=json`. */
  clusters(query: ProxyQuery): Promise<object>;
}

const parametersOf = ({ proxy, namespace }: ProxyQuery): Readonly<Record<string, string>> => ({
  proxy,
  ...(namespace === undefined ? {} : { namespace }),
});

/** Makes the part of a client that is about proxies, over the one question its server answers with a document. */
export const createProxyClient = (call: <T>(path: string) => Promise<T>): ProxyClient => ({
  list: (which) =>
    call<ProxyList>(
      which === undefined ? PROXY_PATHS.proxies : `${PROXY_PATHS.proxies}?${new URLSearchParams(parametersOf(which))}`,
    ),
  configDump: ({ includeEndpoints, mask, wanted, ...query }) => {
    const parameters = new URLSearchParams({
      ...parametersOf(query),
      ...(includeEndpoints ? { include_eds: 'true' } : {}),
      ...(mask.length === 0 ? {} : { mask: mask.join(',') }),
      ...(wanted ? { wanted: 'true' } : {}),
    });
    return call<object>(`${PROXY_PATHS.configDump}?${parameters}`);
  },
  clusters: (query) => call<object>(`${PROXY_PATHS.clusters}?${new URLSearchParams(parametersOf(query))}`),
});

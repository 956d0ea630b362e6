import type { AdminClient } from '../../admin/client.ts';
import type { ProxyList, ProxyReport } from '../../admin/proxies.ts';
import type { SyncState, TypeSync } from '../../envoy/sync-state.ts';
import type { ConnectedProxy, SyncSource } from './sync-source.ts';

/** What istiod would send: a mesh loads a configuration as a whole, so that these share one fate. */
const TYPE_URLS = [
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.listener.v3.Listener',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.config.route.v3.RouteConfiguration',
].map((type) => `type.googleapis.com/${type}`);

/** Who answers for the control plane of a mesh on this machine. */
const CONTROL_PLANE = 'heddle';

const stateOf = ({ generation, wantedGeneration }: ProxyReport, { refused }: ProxyList): SyncState => {
  if (generation !== wantedGeneration) return 'STALE';
  return refused === undefined ? 'SYNCED' : 'ERROR';
};

/** Since when it is in the state that it is in. */
const sinceMs = (state: SyncState, proxy: ProxyReport, { loadedMs, refused }: ProxyList): number => {
  if (state === 'STALE') return loadedMs;
  return refused?.atMs ?? proxy.sinceMs;
};

const typesOf = (proxy: ProxyReport, list: ProxyList): readonly TypeSync[] => {
  const state = stateOf(proxy, list);
  const sentMs = sinceMs(state, proxy, list);
  const error = state === 'ERROR' ? (list.refused?.reasons.join('; ') ?? '') : '';
  return TYPE_URLS.map((typeUrl) => ({ typeUrl, state, sentMs, error }));
};

/** The mesh running on this machine. Where what it read last was refused, every proxy goes on with what it had. */
export const createLocalSource = ({ proxies }: AdminClient): SyncSource => ({
  report: async () => {
    const list = await proxies.list();
    const found = list.items.map(
      (proxy): ConnectedProxy => ({
        name: proxy.name,
        namespace: proxy.namespace,
        cluster: proxy.cluster,
        istiod: CONTROL_PLANE,
        version: list.version,
        types: typesOf(proxy, list),
      }),
    );
    return { proxies: found.toSorted((left, right) => (left.name < right.name ? -1 : 1)), lost: [], faults: [] };
  },
  wantedBy: async (proxy) => ({
    istiod: CONTROL_PLANE,
    dump: JSON.stringify(
      await proxies.configDump({ proxy, namespace: undefined, includeEndpoints: false, mask: [], wanted: true }),
    ),
  }),
});

/** Whether a proxy took what its istiod sent last of one type, as istiod sees it. */
export type SyncState = 'SYNCED' | 'NOT SENT' | 'STALE' | 'ERROR';

/** One type of configuration that a proxy asked for. */
export interface TypeSync {
  /** `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
  readonly typeUrl: string;
  readonly state: SyncState;
  /** When istiod last sent it, in milliseconds since 1970; undefined where it never did, or does not say. */
  readonly sentMs: number | undefined;
  /** Why the proxy refused it, in the proxy's own words; else the empty text. */
  readonly error: string;
}

/** One proxy and the istiod it is connected to. */
export interface ProxySync {
  /** `web-7fd94c989c-g2nft.app`. */
  readonly name: string;
  readonly namespace: string;
  /** Id of its cluster: `Kubernetes`. */
  readonly cluster: string;
  readonly version: string;
  readonly types: readonly TypeSync[];
}

const TYPE = 'type.googleapis.com/';

/** The types by the names people know them under, in the order they are shown. */
const SHORT_NAMES = new Map([
  [`${TYPE}envoy.config.cluster.v3.Cluster`, 'CDS'],
  [`${TYPE}envoy.config.listener.v3.Listener`, 'LDS'],
  [`${TYPE}envoy.config.endpoint.v3.ClusterLoadAssignment`, 'EDS'],
  [`${TYPE}envoy.config.route.v3.RouteConfiguration`, 'RDS'],
  [`${TYPE}envoy.config.core.v3.TypedExtensionConfig`, 'ECDS'],
  [`${TYPE}envoy.extensions.transport_sockets.tls.v3.Secret`, 'SDS'],
  [`${TYPE}istio.networking.nds.v1.NameTable`, 'NDS'],
  [`${TYPE}istio.mesh.v1alpha1.ProxyConfig`, 'PCDS'],
  [`${TYPE}istio.workload.Address`, 'WDS'],
  [`${TYPE}istio.workload.Workload`, 'WDS'],
  [`${TYPE}istio.security.Authorization`, 'WADS'],
]);

/** The types every table of proxies has a column for. */
export const CORE_TYPES = ['CDS', 'LDS', 'EDS', 'RDS', 'ECDS'] as const;

/** The short name of a type: `CDS`; of one without, the last part of its URL. */
export const shortType = (typeUrl: string): string => SHORT_NAMES.get(typeUrl) ?? typeUrl.replace(/^.*[./]/, '');

/** From the best to the worst. */
const GRAVITY: readonly SyncState[] = ['SYNCED', 'NOT SENT', 'STALE', 'ERROR'];

/** The worst of some types; undefined of none. */
export const worst = (types: readonly TypeSync[]): TypeSync | undefined =>
  types.reduce<TypeSync | undefined>(
    (bad, each) => (bad !== undefined && GRAVITY.indexOf(bad.state) >= GRAVITY.indexOf(each.state) ? bad : each),
    undefined,
  );

/** What istiod's nonces say of a type, by istiod's own rule. */
export const stateOf = (sent: string, acknowledged: string, error: string): SyncState => {
  if (error !== '') return 'ERROR';
  if (sent === '') return 'NOT SENT';
  return sent === acknowledged ? 'SYNCED' : 'STALE';
};

/** The namespace in the name of a proxy: what follows its last dot. */
export const namespaceIn = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const newest = ({ types }: ProxySync): number => Math.max(0, ...types.map(({ sentMs = 0 }) => sentMs));

/**
 * Proxies by name, each once: an istiod that lost one without noticing still lists it, so that whoever sent to it last is
 * right.
 */
export const mergeProxies = <P extends ProxySync>(proxies: readonly P[]): readonly P[] => {
  const byName = new Map<string, P>();
  for (const proxy of proxies) {
    const key = `${proxy.name} ${proxy.cluster}`;
    const other = byName.get(key);
    if (other === undefined || newest(other) < newest(proxy)) byName.set(key, proxy);
  }
  return [...byName.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, proxy]) => proxy);
};

/** The proxies of a running mesh, as Envoy's own admin interface and istiod's sync state would show them. */

/** One proxy, and whether it runs on what was loaded last. */
export interface ProxyReport {
  /** `hello-0.shop`. */
  readonly name: string;
  readonly namespace: string;
  /** Id of its cluster: `Kubernetes`. */
  readonly cluster: string;
  /** Of the tables it runs on, and of those it should run on. */
  readonly generation: number;
  readonly wantedGeneration: number;
  /** Since when it runs on them, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Why the configuration read last is in no proxy. */
export interface Refusal {
  readonly atMs: number;
  /** For a person, with file and line where there is one. */
  readonly reasons: readonly string[];
}

/** The reply to `proxies`. */
export interface ProxyList {
  readonly apiVersion: 'heddle/v1';
  readonly kind: 'ProxyList';
  /** Version of heddle. */
  readonly version: string;
  /** When the mesh last loaded a configuration, in milliseconds since 1970. */
  readonly loadedMs: number;
  readonly refused?: Refusal;
  readonly items: readonly ProxyReport[];
}

/** Which proxy: `[TYPE/]NAME[.NAMESPACE]` of a pod or workload; the namespace is where a name without one is looked for. */
export interface ProxyQuery {
  readonly proxy: string;
  readonly namespace: string | undefined;
}

/** What is wanted of a config dump. */
export interface DumpQuery extends ProxyQuery {
  readonly includeEndpoints: boolean;
  /** Envoy's names of fields; empty = all. */
  readonly mask: readonly string[];
  /** Of the tables it should run on, not of those it does. */
  readonly wanted: boolean;
}

/** What the admin server may ask about proxies; throws NO_SUCH_PROXY and AMBIGUOUS_PROXY. */
export interface ProxyControl {
  /** Of all proxies, or of the one that is named. */
  list(which?: ProxyQuery): ProxyList;
  /** In the form of Envoy's `/config_dump`. */
  configDump(query: DumpQuery): object;
  /** In the form of Envoy's `/clusters?format=json`. */
  clusters(query: ProxyQuery): object;
  /** In the form of Envoy's `/stats`. */
  stats(query: ProxyQuery): string;
}

/** Paths; see `PATHS`. */
export const PROXY_PATHS = {
  proxies: '/v1/proxies',
  configDump: '/v1/proxy/config_dump',
  clusters: '/v1/proxy/clusters',
  stats: '/v1/proxy/stats',
} as const;

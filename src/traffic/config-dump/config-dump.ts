import type { ProxyTables } from '../tables.ts';
import type { ProxyTelemetry } from '../telemetry/proxy-telemetry.ts';
import { anyOf } from './any.ts';
import { clustersDump } from './clusters.ts';
import { endpointsDump, localityOf } from './endpoints.ts';
import { gatewayListeners } from './gateway-listeners.ts';
import { routesDump } from './routes.ts';
import { sidecarListeners } from './sidecar-listeners.ts';

/** A running proxy, as far as its dump tells of it. */
export interface DumpedProxy {
  readonly tables: ProxyTables;
  /** When it took these tables, in milliseconds since 1970. */
  readonly tablesSinceMs: number;
  /** PEM; of its certificate the chain, never the key. */
  readonly certificates: { readonly chain: string; readonly roots: string };
  /** Version of heddle. */
  readonly version: string;
}

/** What is asked of a dump, as in the query of Envoy's `/config_dump`. */
export interface DumpQuery {
  readonly includeEndpoints: boolean;
  /** Fields of sections: only sections with one of them are wanted, and come whole; empty = all. */
  readonly mask: readonly string[];
}

const bootstrap = ({ tables: { node }, version }: DumpedProxy): object => {
  const { address, locality, namespace, pod, labels, peer } = node;
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return {
    node: {
      id: `${node.mode === 'gateway' ? 'router' : 'sidecar'}~${address}~${pod}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${peer.canonicalService}.${namespace}`,
      metadata: {
        NAME: pod,
        NAMESPACE: namespace,
        LABELS: labels,
        WORKLOAD_NAME: peer.workload,
        SERVICE_ACCOUNT: peer.serviceAccount,
        CLUSTER_ID: peer.cluster,
        INSTANCE_IPS: address,
        MESH_ID: node.trustDomain,
      },
      locality: localityOf(locality),
      user_agent_name: 'heddle',
      user_agent_build_version: {
        version: { major_number: major, minor_number: minor, patch },
      },
    },
  };
};

const secretsDump = ({ certificates }: DumpedProxy, version: string, lastUpdated: string): object => {
  const inline = (pem: string): object => ({ inline_bytes: Buffer.from(pem).toString('base64') });
  const entry = (name: string, secret: object): object => ({
    name,
    version_info: version,
    last_updated: lastUpdated,
    secret: anyOf('envoy.extensions.transport_sockets.tls.v3.Secret', { name, ...secret }),
  });
  return anyOf('envoy.admin.v3.SecretsConfigDump', {
    dynamic_active_secrets: [
      entry('default', { tls_certificate: { certificate_chain: inline(certificates.chain) } }),
      entry('ROOTCA', { validation_context: { trusted_ca: inline(certificates.roots) } }),
    ],
  });
};

const listenersDump = (tables: ProxyTables, lastUpdated: string): object => {
  const version = String(tables.generation);
  const listeners = tables.node.mode === 'gateway' ? gatewayListeners(tables) : sidecarListeners(tables);
  return anyOf('envoy.admin.v3.ListenersConfigDump', {
    version_info: version,
    dynamic_listeners: listeners.map((listener) => ({
      name: 'name' in listener ? listener.name : '',
      active_state: {
        version_info: version,
        listener: anyOf('envoy.config.listener.v3.Listener', listener),
        last_updated: lastUpdated,
      },
    })),
  });
};

const asksForMore = (telemetry: ProxyTelemetry | undefined): boolean =>
  telemetry !== undefined &&
  [telemetry.source, telemetry.destination].some(
    ({ logs, tracing }) => tracing !== undefined || logs.some(({ provider }) => provider !== ''),
  );

/** What a proxy acts upon that its dump does not show, in words for a person. */
const leftOutOfListeners = ({ tokens = [], rateLimits, telemetry, authorization }: ProxyTables): readonly string[] => [
  ...(tokens.length === 0 ? [] : ['RequestAuthentications']),
  ...(rateLimits === undefined ? [] : ['rate limits']),
  ...(asksForMore(telemetry) ? ['access logs and traces that go to providers'] : []),
  ...(authorization?.http.check === undefined ? [] : ['how external authorizers are asked']),
];

const leftOutOfClusters = ({ clusters }: ProxyTables): readonly string[] =>
  [...clusters.values()].some(({ lifetimes }) => lifetimes?.tcpIdleMs !== undefined)
    ? ['idle timeouts of TCP connections']
    : [];

/** One message of a dump, and the field of Envoy's mask that asks for it. */
interface Section {
  readonly field: string;
  make(): object;
  leftOut?(): readonly string[];
}

const sectionsOf = (proxy: DumpedProxy): readonly Section[] => {
  const { tables, tablesSinceMs } = proxy;
  const lastUpdated = new Date(tablesSinceMs).toISOString();
  return [
    {
      field: 'bootstrap',
      make: () =>
        anyOf('envoy.admin.v3.BootstrapConfigDump', { bootstrap: bootstrap(proxy), last_updated: lastUpdated }),
    },
    {
      field: 'dynamic_active_clusters',
      make: () => clustersDump(tables, lastUpdated),
      leftOut: () => leftOutOfClusters(tables),
    },
    { field: 'dynamic_endpoint_configs', make: () => endpointsDump(tables) },
    {
      field: 'dynamic_listeners',
      make: () => listenersDump(tables, lastUpdated),
      leftOut: () => leftOutOfListeners(tables),
    },
    { field: 'dynamic_route_configs', make: () => routesDump(tables, lastUpdated) },
    { field: 'dynamic_active_secrets', make: () => secretsDump(proxy, String(tables.generation), lastUpdated) },
  ];
};

/**
 * Envoy's answer to `/config_dump`, made from the tables a proxy runs on. The field `heddle`, which Envoy's has not, says
 * which tables they are and what of them has no place in the sections that are there.
 */
export const configDump = (proxy: DumpedProxy, { includeEndpoints, mask }: DumpQuery): object => {
  const sections = sectionsOf(proxy).filter(
    ({ field }) =>
      (mask.length === 0 || mask.includes(field)) && (includeEndpoints || field !== 'dynamic_endpoint_configs'),
  );
  return {
    configs: sections.map((section) => section.make()),
    heddle: {
      generation: proxy.tables.generation,
      leftOut: sections.flatMap((section) => section.leftOut?.() ?? []),
    },
  };
};

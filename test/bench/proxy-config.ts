// Wall time and memory of `heddle proxy-config` on generated dumps of 5 and 100 MB: a table, and a document of everything.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { column } from './measure.ts';

const SIZES_MB = [5, 100];
const VERBS = [['cluster'], ['listener'], ['route'], ['eds'], ['all'], ['route', '-o', 'json'], ['all', '-o', 'json']];

const PREFIX = 'type.googleapis.com/envoy.admin.v3.';
const hostOf = (index: number): string => `service-${index}.team-${index % 50}.svc.cluster.local`;
const metadataOf = (index: number, kind: string) => ({
  filter_metadata: {
    istio: { config: `/apis/networking.istio.io/v1/namespaces/team-${index % 50}/${kind}/service-${index}` },
  },
});

const clusterOf = (index: number) => ({
  version_info: '2026-01-01T00:00:00Z/1',
  cluster: {
    '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    name: `outbound|80||${hostOf(index)}`,
    type: 'EDS',
    eds_cluster_config: {
      eds_config: { ads: {}, resource_api_version: 'V3' },
      service_name: `outbound|80||${hostOf(index)}`,
    },
    connect_timeout: '10s',
    circuit_breakers: {
      thresholds: [{ max_connections: 4294967295, max_requests: 4294967295, track_remaining: true }],
    },
    metadata: metadataOf(index, 'destination-rule'),
    transport_socket_matches: [
      {
        name: 'tlsMode-istio',
        match: { tlsMode: 'istio' },
        transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: { sni: hostOf(index) } },
      },
    ],
  },
  last_updated: '2026-01-01T00:00:00.000Z',
});

const listenerOf = (index: number) => ({
  name: `10.0.${index >> 8}.${index & 255}_443`,
  active_state: {
    listener: {
      name: `10.0.${index >> 8}.${index & 255}_443`,
      address: { socket_address: { address: `10.0.${index >> 8}.${index & 255}`, port_value: 443 } },
      filter_chains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.tcp_proxy',
              typed_config: { stat_prefix: 'a', cluster: `outbound|80||${hostOf(index)}` },
            },
          ],
        },
      ],
    },
  },
});

const virtualHostOf = (index: number) => ({
  name: `${hostOf(index)}:80`,
  domains: [
    hostOf(index),
    `service-${index}.team-${index % 50}.svc`,
    `service-${index}.team-${index % 50}`,
    `10.0.${index >> 8}.${index & 255}`,
  ],
  routes: Array.from({ length: 3 }, (_, rule) => ({
    match: { prefix: `/v${rule}/`, headers: [{ name: 'end-user', string_match: { exact: 'jason' } }] },
    route: {
      cluster: `outbound|80||${hostOf(index)}`,
      timeout: '0s',
      retry_policy: { retry_on: 'connect-failure', num_retries: 2 },
    },
    metadata: metadataOf(index, 'virtual-service'),
    decorator: { operation: `${hostOf(index)}:80/v${rule}/*` },
  })),
});

const endpointOf = (index: number) => ({
  endpoint_config: {
    cluster_name: `outbound|80||${hostOf(index)}`,
    endpoints: [
      {
        locality: { region: 'eu', zone: 'a' },
        lb_endpoints: Array.from({ length: 4 }, (_, pod) => ({
          endpoint: {
            address: { socket_address: { address: `10.${pod}.${index >> 8}.${index & 255}`, port_value: 8080 } },
          },
          health_status: 'HEALTHY',
          metadata: { filter_metadata: { istio: { workload: `service-${index};team;service;v1` } } },
        })),
      },
    ],
  },
});

/** Writes a dump of about that many services' worth of configuration, and answers its size in bytes. */
const writeDump = (path: string, services: number): number => {
  const file = openSync(path, 'w');
  const list = (item: (index: number) => object): void => {
    for (let index = 0; index < services; index += 1)
      writeSync(file, `${index === 0 ? '' : ',\n'}${JSON.stringify(item(index), null, 1)}`);
  };
  const bootstrap = {
    '@type': `${PREFIX}BootstrapConfigDump`,
    bootstrap: { node: { metadata: { ISTIO_VERSION: '1.31.0' } } },
  };
  writeSync(
    file,
    `{"configs": [${JSON.stringify(bootstrap)},\n{"@type": "${PREFIX}ClustersConfigDump", "dynamic_active_clusters": [`,
  );
  list(clusterOf);
  writeSync(file, `]},\n{"@type": "${PREFIX}ListenersConfigDump", "dynamic_listeners": [`);
  list(listenerOf);
  writeSync(
    file,
    `]},\n{"@type": "${PREFIX}RoutesConfigDump", "dynamic_route_configs": [{"route_config": {"name": "80", "virtual_hosts": [`,
  );
  list(virtualHostOf);
  writeSync(
    file,
    `]}}]},\n{"@type": "${PREFIX}SecretsConfigDump"},\n{"@type": "${PREFIX}EndpointsConfigDump", "dynamic_endpoint_configs": [`,
  );
  list(endpointOf);
  writeSync(file, ']}]}\n');
  closeSync(file);
  return statSync(path).size;
};

/** Runs one verb and has Node say how much memory the process held at most. */
const run = (program: string, args: readonly string[]): { readonly wallS: number; readonly peakMb: number } => {
  const report = "process.on('exit',()=>process.stderr.write('PEAK '+process.resourceUsage().maxRSS))";
  const start = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(report)}`, program, 'proxy-config', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return { wallS: (performance.now() - start) / 1_000, peakMb: Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1_024 };
};

export const bench = async (args: readonly string[]): Promise<void> => {
  const given = args.includes('--bin') ? args[args.indexOf('--bin') + 1] : undefined;
  if (given === undefined) await ensureBuilt();
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const path = join(directory, 'dump.json');
  try {
    const perService = writeDump(path, 1_000) / 1_000;
    for (const size of SIZES_MB) {
      const bytes = writeDump(path, Math.round((size * 1e6) / perService));
      console.log(`${(bytes / 1e6).toFixed(1)} MB${column('seconds')}${column('peak MB')}`);
      for (const verb of VERBS) {
        const { wallS, peakMb } = run(given ?? HEDDLE, [...verb, '-f', path]);
        console.log(`${column(wallS.toFixed(2))}${column(peakMb.toFixed(0))}  ${verb.join(' ')}`);
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

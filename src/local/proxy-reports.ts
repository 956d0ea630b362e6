import type { ProxyControl, ProxyQuery, ProxyReport, Refusal } from '../admin/proxies.ts';
import { suggest } from '../base/distance.ts';
import { Fault } from '../base/fault.ts';
import { renderClusterStats } from '../telemetry/cluster-metrics.ts';
import { configDump } from '../traffic/config-dump/config-dump.ts';
import { clusterStatuses } from '../traffic/config-dump/host-statuses.ts';
import type { ProxyTables } from '../traffic/tables.ts';
import { podKey } from './configuration.ts';
import type { MeshRuntime } from './mesh-runtime.ts';
import type { RunningPod } from './running-pod.ts';

/** What is told of proxies, and from where. */
export interface ProxySource {
  readonly runtime: MeshRuntime;
  /** Version of heddle. */
  readonly version: string;
  /** When the configuration in force was loaded, in milliseconds since 1970. */
  readonly loadedMs: () => number;
  readonly refusal: () => Refusal | undefined;
}

type ProxiedPod = RunningPod & { readonly proxy: NonNullable<RunningPod['proxy']> };

/** What kubectl calls the kinds of workloads, in lower case. */
const KINDS: ReadonlyMap<string, string> = new Map(
  [
    ['Pod', 'pod', 'pods', 'po'],
    ['Deployment', 'deployment', 'deployments', 'deploy'],
    ['StatefulSet', 'statefulset', 'statefulsets', 'sts'],
    ['DaemonSet', 'daemonset', 'daemonsets', 'ds'],
    ['ReplicaSet', 'replicaset', 'replicasets', 'rs'],
    ['Job', 'job', 'jobs'],
  ].flatMap(([kind = '', ...words]) => words.map((word) => [word, kind] as const)),
);

const nameOf = ({ pod }: RunningPod): string => `${pod.name}.${pod.namespace}`;

const hasProxy = (running: RunningPod): running is ProxiedPod => running.proxy !== undefined;

const usage = (code: string, message: string, hint: string): Fault => new Fault(message, { kind: 'usage', code, hint });

const kindOf = (word: string): string => {
  const kind = KINDS.get(word.toLowerCase());
  if (kind !== undefined) return kind;
  throw usage(
    'NO_SUCH_PROXY',
    `"${word}" is no kind of workload`,
    `it is one of ${[...new Set(KINDS.values())].join(', ')}`,
  );
};

/** Pods that `[TYPE/]NAME[.NAMESPACE]` names by themselves, or else by their workload. */
const matching = (pods: readonly ProxiedPod[], { proxy, namespace }: ProxyQuery): readonly ProxiedPod[] => {
  const [name = '', type] = proxy.split('/').reverse();
  const kind = type === undefined ? undefined : kindOf(type);
  const isNamed = (own: string, home: string): boolean =>
    name === `${own}.${home}` || (name === own && (namespace === undefined || namespace === home));
  const byName = pods.filter(({ pod }) => isNamed(pod.name, pod.namespace));
  if (kind === 'Pod' || (kind === undefined && byName.length > 0)) return byName;
  return pods.filter(
    ({ pod }) => isNamed(pod.workload, pod.namespace) && (kind === undefined || kind === pod.workloadKind),
  );
};

const noSuchProxy = (runtime: MeshRuntime, pods: readonly ProxiedPod[], { proxy }: ProxyQuery): Fault => {
  const [name = ''] = proxy.split('/').reverse();
  const bare = [...runtime.pods.values()].find(({ pod }) =>
    [pod.name, pod.workload].includes(name.split('.')[0] ?? ''),
  );
  if (bare !== undefined && !hasProxy(bare))
    return usage(
      'NO_SIDECAR',
      `${nameOf(bare)} has no sidecar (${bare.pod.sidecar.reason})`,
      'label its namespace istio-injection=enabled',
    );
  const names = pods.map(nameOf);
  const near = suggest(name, [...names, ...pods.flatMap(({ pod }) => [pod.name, pod.workload])]);
  return usage(
    'NO_SUCH_PROXY',
    `the mesh has no proxy "${proxy}"`,
    near === undefined ? `choose one of: ${names.join(', ')}` : `did you mean "${near}"?`,
  );
};

/** The first pod of the one workload that is meant. */
const findProxy = (runtime: MeshRuntime, query: ProxyQuery): ProxiedPod => {
  const pods = [...runtime.pods.values()].filter(hasProxy);
  const found = matching(pods, query);
  const [first] = found;
  if (first === undefined) throw noSuchProxy(runtime, pods, query);
  const homes = [...new Set(found.map(({ pod }) => `${pod.workload}.${pod.namespace}`))];
  if (homes.length === 1) return first;
  throw usage(
    'AMBIGUOUS_PROXY',
    `"${query.proxy}" may be any of ${homes.join(', ')}`,
    `name one of them, such as ${homes[0]}`,
  );
};

const reportOf = (running: ProxiedPod, wanted: ProxyTables): ProxyReport => {
  const { tables } = running.proxy.inForce();
  return {
    name: nameOf(running),
    namespace: running.pod.namespace,
    cluster: tables.node.peer.cluster,
    generation: tables.generation,
    wantedGeneration: wanted.generation,
    sinceMs: running.tablesSinceMs,
  };
};

/** Tells of the proxies of a mesh from the tables they run on. */
export const createProxyReports = ({ runtime, version, loadedMs, refusal }: ProxySource): ProxyControl => {
  const wantedBy = (running: ProxiedPod): ProxyTables =>
    runtime.compiled?.proxies.get(podKey(running.pod)) ?? running.proxy.inForce().tables;
  return {
    list: (which) => {
      const refused = refusal();
      const asked = which === undefined ? [...runtime.pods.values()].filter(hasProxy) : [findProxy(runtime, which)];
      return {
        apiVersion: 'heddle/v1',
        kind: 'ProxyList',
        version,
        loadedMs: loadedMs(),
        ...(refused === undefined ? {} : { refused }),
        items: asked.map((running) => reportOf(running, wantedBy(running))),
      };
    },
    configDump: ({ includeEndpoints, mask, wanted, ...query }) => {
      const running = findProxy(runtime, query);
      const { tables, identity } = running.proxy.inForce();
      return configDump(
        {
          tables: wanted ? wantedBy(running) : tables,
          tablesSinceMs: wanted ? loadedMs() : running.tablesSinceMs,
          certificates: { chain: identity.certificate.chainPem, roots: identity.rootsPem },
          version,
        },
        { includeEndpoints, mask },
      );
    },
    clusters: (query) => {
      const { proxy } = findProxy(runtime, query);
      return clusterStatuses(proxy.inForce().tables, proxy.clusterCounts());
    },
    stats: (query) => renderClusterStats(findProxy(runtime, query).proxy.clusterCounts()),
  };
};

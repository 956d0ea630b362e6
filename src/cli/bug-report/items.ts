import { Fault } from '../../base/fault.ts';
import type { Cluster, Kind, KubernetesObject } from '../../cluster/cluster.ts';
import { readConfiguration } from '../../cluster/configuration.ts';
import { askMonitoring, runningIstiods } from '../../cluster/istiods.ts';
import { phaseOf } from '../../cluster/pods.ts';
import { isObject } from '../../model/value.ts';
import { printGoYaml } from '../../yaml/emit/go-yaml.ts';
import { askEnvoy } from '../proxy-config/pod-admin.ts';
import type { Item } from './collect.ts';
import { redactJson, redactText, redactValue } from './redact.ts';
import type { Filter } from './selection.ts';
import type { ArchivedFile } from './tar.ts';

/** What of a cluster belongs in a report. */
export interface Scope {
  readonly istioNamespace: string;
  readonly proxyAdminPort: number;
  /** Which containers' logs and proxies' states are read. */
  readonly isSelected: Filter;
  /** How far back logs go; all they have where absent. */
  readonly sinceSeconds: number | undefined;
  /** How many lines of a log; all where absent. */
  readonly tailLines: number | undefined;
  readonly withObjects: boolean;
  readonly withProxies: boolean;
}

/** Containers of Istio: istiod, proxies, node agents, and what prepares pods. */
const ISTIO_CONTAINERS = new Set(['discovery', 'istio-proxy', 'istio-init', 'istio-validation', 'install-cni']);

const yamlOf = (objects: readonly unknown[]): string =>
  objects.map((object) => printGoYaml(redactValue(object))).join('---\n');

const byKind = (objects: readonly KubernetesObject[]): ReadonlyMap<string, readonly KubernetesObject[]> => {
  const kinds = new Map<string, KubernetesObject[]>();
  for (const object of objects) {
    // Two groups have a Gateway.
    const group = object.kind === 'Gateway' ? `.${object.apiVersion.split('/')[0]}` : '';
    const key = `${object.kind}${group}`;
    kinds.set(key, [...(kinds.get(key) ?? []), object]);
  }
  return kinds;
};

/** Everything that analysis reads, a file for each kind: what `heddle analyze` can be given. */
const configuration = (cluster: Cluster, istioNamespace: string): Item => ({
  path: 'configuration',
  read: async () => {
    const { objects, unread } = await readConfiguration(cluster, { istioNamespace, revision: 'default' });
    const files = [...byKind(objects)].map(([kind, of]) => ({ path: `configuration/${kind}.yaml`, text: yamlOf(of) }));
    const [refused] = unread;
    if (refused === undefined) return files;
    return [...files, { path: 'configuration/UNREAD.txt', text: unread.map(({ message }) => `${message}\n`).join('') }];
  },
});

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const withoutBookkeeping = ({ metadata, ...object }: KubernetesObject): unknown => {
  const { managedFields: _, annotations = {}, ...kept } = metadata;
  const { [LAST_APPLIED]: __, ...others } = annotations;
  return { ...object, metadata: { ...kept, annotations: others } };
};

/** Objects of a kind with their status. */
const state = (cluster: Cluster, kind: Kind, name: string): Item => ({
  path: `state/${name}.yaml`,
  read: async (signal) => {
    const objects = (await cluster.list(kind, { signal })) ?? [];
    return [{ path: `state/${name}.yaml`, text: yamlOf(objects.map(withoutBookkeeping)) }];
  },
});

const STATES: readonly (readonly [string, Kind])[] = [
  ['pods', { apiVersion: 'v1', kind: 'Pod' }],
  ['nodes', { apiVersion: 'v1', kind: 'Node' }],
  ['events', { apiVersion: 'v1', kind: 'Event' }],
  ['replicasets', { apiVersion: 'apps/v1', kind: 'ReplicaSet' }],
];

const ISTIOD_PAGES: Readonly<Record<string, string>> = {
  'version.json': '/version',
  'syncz.json': '/debug/syncz',
  'registryz.json': '/debug/registryz',
  'endpointz.json': '/debug/endpointz',
  'configz.json': '/debug/configz',
  'clusterz.json': '/debug/clusterz',
  'inject.txt': '/debug/inject',
  'mesh.json': '/debug/mesh',
  'metrics.txt': '/metrics',
};

const PROXY_PAGES: Readonly<Record<string, string>> = {
  'config_dump.json': '/config_dump?include_eds=true',
  'clusters.json': '/clusters?format=json',
  'listeners.json': '/listeners?format=json',
  'server_info.json': '/server_info',
  'certs.json': '/certs',
  'stats.txt': '/stats/prometheus',
};

const page = (path: string, ask: (signal: AbortSignal) => Promise<string>): Item => ({
  path,
  read: async (signal) => {
    const text = await ask(signal);
    return [{ path, text: path.endsWith('.json') ? redactJson(text) : redactText(text) }];
  },
});

const placeOf = ({ metadata: { name, namespace = '' } }: KubernetesObject): string => `${namespace}/${name}`;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Names of the containers of a pod, of all sorts, with how often each was restarted. */
const containersOf = ({ spec, status }: KubernetesObject): ReadonlyMap<string, number> => {
  const named = (value: unknown, field: string): readonly Readonly<Record<string, unknown>>[] =>
    listOf(isObject(value) ? value[field] : undefined).filter(isObject);
  const restarts = new Map(
    [...named(status, 'containerStatuses'), ...named(status, 'initContainerStatuses')].map(
      ({ name, restartCount }) => [name, Number(restartCount ?? 0)] as const,
    ),
  );
  return new Map(
    [...named(spec, 'containers'), ...named(spec, 'initContainers')].map(
      ({ name }) => [String(name), restarts.get(name) ?? 0] as const,
    ),
  );
};

const isOfIstio = (pod: KubernetesObject, container: string, { istioNamespace }: Scope): boolean =>
  ISTIO_CONTAINERS.has(container) || pod.metadata.namespace === istioNamespace;

const logs = (cluster: Cluster, pod: KubernetesObject, scope: Scope): readonly Item[] => {
  const { name, namespace = '' } = pod.metadata;
  const { sinceSeconds, tailLines } = scope;
  const log = (container: string, isPrevious: boolean): Item =>
    page(`logs/${namespace}/${name}/${container}${isPrevious ? '.previous' : ''}.log`, (signal) =>
      cluster.logs(
        { namespace, pod: name, container },
        {
          signal,
          isPrevious,
          ...(sinceSeconds !== undefined && { sinceSeconds }),
          ...(tailLines !== undefined && { tailLines }),
        },
      ),
    );
  return [...containersOf(pod)]
    .filter(([container]) => isOfIstio(pod, container, scope) && scope.isSelected({ pod, container }))
    .flatMap(([container, restarts]) => [log(container, false), ...(restarts > 0 ? [log(container, true)] : [])]);
};

const proxy = (cluster: Cluster, pod: KubernetesObject, { proxyAdminPort, isSelected }: Scope): readonly Item[] => {
  const container = 'istio-proxy';
  if (phaseOf(pod) !== 'Running' || !containersOf(pod).has(container) || !isSelected({ pod, container })) return [];
  return Object.entries(PROXY_PAGES).map(([file, path]) =>
    page(`proxies/${placeOf(pod)}/${file}`, () => askEnvoy(cluster, pod, proxyAdminPort, { method: 'GET', path })),
  );
};

/** What the API server itself says. */
const server = (cluster: Cluster): Item => ({
  path: 'state/server.json',
  read: async (signal): Promise<readonly ArchivedFile[]> => {
    const [version, apiVersions] = await Promise.all([cluster.version({ signal }), cluster.apiVersions({ signal })]);
    return [{ path: 'state/server.json', text: `${JSON.stringify({ version, apiVersions }, null, 2)}\n` }];
  },
});

const podsOf = async (cluster: Cluster): Promise<readonly KubernetesObject[]> => {
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod' });
  if (pods !== undefined) return pods;
  throw new Fault('the server has no pods', { kind: 'unreachable', code: 'NO_KUBERNETES' });
};

/** Everything that a report of a cluster is made of; throws a Fault where its pods cannot be listed. */
export const clusterItems = async (cluster: Cluster, scope: Scope): Promise<readonly Item[]> => {
  const [pods, istiods] = await Promise.all([
    podsOf(cluster),
    runningIstiods(cluster, { namespace: scope.istioNamespace }),
  ]);
  return [
    server(cluster),
    ...(scope.withObjects
      ? [configuration(cluster, scope.istioNamespace), ...STATES.map(([name, kind]) => state(cluster, kind, name))]
      : []),
    ...istiods.flatMap((pod) =>
      Object.entries(ISTIOD_PAGES).map(([file, path]) =>
        page(`istiod/${placeOf(pod)}/${file}`, (signal) => askMonitoring(cluster, pod, path, { signal })),
      ),
    ),
    ...pods.flatMap((pod) => logs(cluster, pod, scope)),
    ...(scope.withProxies ? pods.flatMap((pod) => proxy(cluster, pod, scope)) : []),
  ];
};

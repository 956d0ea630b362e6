import { versionsOf } from '../../envoy/bootstrap.ts';
import { type ClusterFilter, clustersOf, matchesCluster } from '../../envoy/clusters.ts';
import type { ConfigDump } from '../../envoy/config-dump.ts';
import type { JsonObject } from '../../envoy/json.ts';
import { textAt } from '../../envoy/json.ts';
import { type ListenerFilter, listenersOf, matchesListener } from '../../envoy/listeners.ts';
import { routesOf } from '../../envoy/routes.ts';
import { secretTable } from '../../envoy/secrets.ts';
import { layOut } from '../../envoy/table.ts';
import { readCertificate } from './certificate.ts';
import type { ProxyAdmin } from './proxy-admin.ts';
import { requireSection, requireSome } from './read-dump.ts';

/** The clusters of a dump that match; an input Fault where the dump has none at all. */
export const selectClusters = (proxy: ProxyAdmin, dump: ConfigDump, filter: ClusterFilter): readonly JsonObject[] =>
  requireSome(proxy, clustersOf(requireSection(proxy, dump, 'ClustersConfigDump')), 'clusters').filter((cluster) =>
    matchesCluster(cluster, filter),
  );

/** The listeners of a dump that match; an input Fault where the dump has none at all. */
export const selectListeners = (proxy: ProxyAdmin, dump: ConfigDump, filter: ListenerFilter): readonly JsonObject[] =>
  requireSome(proxy, listenersOf(requireSection(proxy, dump, 'ListenersConfigDump')), 'listeners').filter((listener) =>
    matchesListener(listener, filter),
  );

/** The route configurations of a dump, or the one of a name; an input Fault where the dump has none at all. */
export const selectRoutes = (proxy: ProxyAdmin, dump: ConfigDump, name: string): readonly JsonObject[] =>
  requireSome(proxy, routesOf(requireSection(proxy, dump, 'RoutesConfigDump')), 'routes').filter(
    (route) => name === '' || textAt(route, 'name') === name,
  );

/** The versions of a proxy, a line each. */
export const versionText = (proxy: ProxyAdmin, dump: ConfigDump): string => {
  const versions = versionsOf(requireSection(proxy, dump, 'BootstrapConfigDump'));
  const width = Math.max(...versions.map(([label]) => label.length));
  return versions.map(([label, version]) => `${label.padEnd(width)} ${version}\n`).join('');
};

/** The secrets of a proxy as a table, or a sentence where it has none. */
export const secretText = (proxy: ProxyAdmin, dump: ConfigDump, named: boolean): string => {
  const section = requireSection(proxy, dump, 'SecretsConfigDump');
  const table = secretTable(section, { named, nowMs: Date.now(), readCertificate });
  return table === undefined ? 'No active or warming secrets found.\n' : layOut(table);
};

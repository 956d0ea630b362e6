import { isClusterBefore, parseClusterName } from './cluster-name.ts';
import { sortLikeGo } from './go-sort.ts';
import { at, isObject, type JsonObject, listAt, textAt } from './json.ts';
import { managedBy } from './managed-by.ts';
import type { SummaryTable } from './table.ts';

/** Which clusters to show; all but the port are parts of the name. An empty text or 0 filters nothing. */
export interface ClusterFilter {
  readonly fqdn: string;
  readonly port: number;
  readonly subset: string;
  readonly direction: string;
}

/** The clusters of a ClustersConfigDump, active and static ones, in istioctl's order. */
export const clustersOf = (section: JsonObject): readonly JsonObject[] => {
  const found = [...listAt(section, 'dynamic_active_clusters'), ...listAt(section, 'static_clusters')]
    .map((item) => at(item, 'cluster'))
    .filter(isObject);
  return sortLikeGo(found, (left, right) => isClusterBefore(textAt(left, 'name'), textAt(right, 'name')));
};

export const matchesCluster = (cluster: JsonObject, { fqdn, port, subset, direction }: ClusterFilter): boolean => {
  const name = textAt(cluster, 'name');
  return [fqdn, direction, subset, port === 0 ? '' : `|${port}|`].every((part) => name.includes(part));
};

const rowOf = (cluster: JsonObject, named: boolean): readonly string[] => {
  const name = textAt(cluster, 'name');
  const parts = parseClusterName(name);
  const shown = named ? `cluster/${name}` : name;
  const type = textAt(cluster, 'type') || 'STATIC';
  const cells =
    parts === undefined
      ? [shown, '-', '-', '-']
      : [parts.fqdn, String(parts.port), parts.subset || '-', parts.direction];
  return [...(named ? [shown] : []), ...cells, type, managedBy(cluster)];
};

/** One row a cluster; `named` puts the whole name in front. */
export const clusterTable = (clusters: readonly JsonObject[], named: boolean): SummaryTable => ({
  headers: [...(named ? ['NAME'] : []), 'SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'],
  rows: clusters.map((cluster) => rowOf(cluster, named)),
  gap: 5,
});

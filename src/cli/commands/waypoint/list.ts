import { listWaypoints } from '../../../cluster/waypoints.ts';
import { requireNamespace } from '../../cluster/require-namespace.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, flag } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';
import { WAYPOINT_EXIT_CODES, WAYPOINT_FLAGS } from '../../waypoint/flags.ts';

export const waypointList = defineCommand({
  summary: 'Lists waypoints, and whether they take requests.',
  examples: [
    ['heddle waypoint list -n shop', 'the waypoints of a namespace'],
    ['heddle waypoint list -A -o json', 'of all namespaces, for scripts'],
  ],
  options: { allNamespaces: flag('-A, --all-namespaces', 'of all namespaces'), ...WAYPOINT_FLAGS },
  formats: ['text', 'json', 'yaml'],
  exitCodes: WAYPOINT_EXIT_CODES,
  seeAlso: ['heddle waypoint status'],
  run: (context, _args, { allNamespaces, namespace, ...flags }) =>
    withCluster(context, flags, async (cluster) => {
      if (namespace !== undefined && !allNamespaces) await requireNamespace(cluster, namespace);
      const items = await listWaypoints(cluster, allNamespaces ? undefined : (namespace ?? cluster.namespace));
      await printDocument(context, { kind: 'WaypointList', items }, () => {
        if (items.length === 0) return 'No waypoints found.\n';
        const place = allNamespaces ? ['NAMESPACE'] : [];
        return renderTable(
          [...place, 'NAME', 'REVISION', 'TRAFFIC TYPE', 'PROGRAMMED'],
          items.map((each) => [
            ...(allNamespaces ? [each.namespace] : []),
            each.name,
            each.revision,
            each.trafficType,
            each.programmed,
          ]),
        );
      });
      return EXIT.ok;
    }),
});

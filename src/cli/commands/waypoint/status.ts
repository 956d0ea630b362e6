import { Fault } from '../../../base/fault.ts';
import { listWaypoints, waitForWaypoint } from '../../../cluster/waypoints.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, enabled, flag } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';
import { READY_TIMEOUT, WAYPOINT_EXIT_CODES, WAYPOINT_FLAGS } from '../../waypoint/flags.ts';

export const waypointStatus = defineCommand({
  summary: 'Shows whether waypoints are programmed, and why not; waits for them.',
  examples: [
    ['heddle waypoint status -n shop', 'after they are ready, or 90 seconds'],
    ['heddle waypoint status -A --wait=false', 'as it is now, in all namespaces'],
  ],
  options: {
    allNamespaces: flag('-A, --all-namespaces', 'of all namespaces'),
    wait: enabled('--wait', 'wait until all are ready'),
    waypointTimeout: READY_TIMEOUT,
    ...WAYPOINT_FLAGS,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...WAYPOINT_EXIT_CODES, 75: 'a waypoint was not ready in time' },
  seeAlso: ['heddle waypoint list'],
  run: (context, _args, { allNamespaces, namespace, wait, waypointTimeout, ...flags }) =>
    withCluster(context, flags, async (cluster) => {
      const place = allNamespaces ? undefined : (namespace ?? cluster.namespace);
      const endsAt = performance.now() + waypointTimeout;
      let late: Fault | undefined;
      for (const waypoint of wait ? await listWaypoints(cluster, place) : []) {
        const remainingMs = Math.max(0, Math.ceil(endsAt - performance.now()));
        try {
          if (waypoint.programmed !== 'True') await waitForWaypoint(cluster, waypoint, remainingMs, context.signal);
        } catch (error) {
          if (!(error instanceof Fault && error.code === 'WAYPOINT_NOT_READY')) throw error;
          late ??= error;
        }
      }
      const items = await listWaypoints(cluster, place);
      await printDocument(context, { kind: 'WaypointStatus', items }, () =>
        items.length === 0
          ? 'No waypoints found.\n'
          : renderTable(
              [...(allNamespaces ? ['NAMESPACE'] : []), 'NAME', 'STATUS', 'TYPE', 'REASON', 'MESSAGE'],
              items.map((each) => [
                ...(allNamespaces ? [each.namespace] : []),
                each.name,
                each.programmed,
                'Programmed',
                each.reason,
                each.message,
              ]),
            ),
      );
      if (late !== undefined) context.err.line(`${context.err.paint.yellow('warning:')} ${late.message}`);
      return late === undefined ? EXIT.ok : EXIT.timeout;
    }),
});

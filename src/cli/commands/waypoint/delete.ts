import { suggest } from '../../../base/distance.ts';
import { Fault } from '../../../base/fault.ts';
import { listWaypoints, WAYPOINT_KIND } from '../../../cluster/waypoints.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, flag, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { WAYPOINT_EXIT_CODES, WAYPOINT_FLAGS } from '../../waypoint/flags.ts';

const refuse = (code: string, message: string, hint: string): Fault =>
  new Fault(message, { kind: code === 'WHICH_WAYPOINT' ? 'usage' : 'failure', code, hint });

export const waypointDelete = defineCommand({
  summary: 'Removes waypoints.',
  examples: [
    ['heddle waypoint delete waypoint -n shop', 'one by name'],
    ['heddle waypoint delete --all -n shop', 'all of a namespace'],
    ['heddle waypoint delete -r canary -n shop --dry-run', 'those of a revision, without removing them'],
  ],
  arguments: [{ name: 'NAME', summary: 'a waypoint of the namespace', variadic: true }],
  options: {
    all: flag('--all', 'all waypoints of the namespace'),
    revision: text('-r, --revision <name>', 'all that are labelled for this revision'),
    dryRun: flag('--dry-run', 'only say which'),
    ...WAYPOINT_FLAGS,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { ...WAYPOINT_EXIT_CODES, 1: 'there is no such waypoint; then none is removed' },
  seeAlso: ['heddle waypoint list'],
  run: (context, names, { all, revision, dryRun, namespace: given, ...flags }) =>
    withCluster(context, flags, async (cluster) => {
      const isEvery = all || revision !== undefined;
      if (isEvery === names.length > 0)
        throw refuse(
          'WHICH_WAYPOINT',
          isEvery ? 'names and --all or --revision exclude each other' : 'no waypoint is named',
          'give names, or --all, or --revision',
        );
      const namespace = given ?? cluster.namespace;
      const there = await listWaypoints(cluster, namespace);
      const known = there.map(({ name }) => name);
      const absent = names.find((name) => !known.includes(name));
      if (absent !== undefined) {
        const near = suggest(absent, known);
        const hint = near === undefined ? 'heddle waypoint list shows what there is' : `did you mean ${near}?`;
        throw refuse('NO_SUCH_WAYPOINT', `there is no waypoint ${absent} in namespace ${namespace}`, hint);
      }
      const items = isEvery
        ? there.filter((each) => revision === undefined || each.revision === revision).map(({ name }) => name)
        : names;
      for (const name of items) await cluster.remove({ ...WAYPOINT_KIND, namespace, name }, { isDryRun: dryRun });
      const done = dryRun ? 'would be deleted' : 'deleted';
      await printDocument(context, { kind: 'WaypointRemoval', namespace, items, isDryRun: dryRun }, () =>
        items.length === 0
          ? 'No waypoints found.\n'
          : items.map((name) => `waypoint ${namespace}/${name} ${done}\n`).join(''),
      );
      return EXIT.ok;
    }),
});

import { Fault } from '../../../base/fault.ts';
import type { Cluster, KubernetesObject } from '../../../cluster/cluster.ts';
import { applyWaypoint, waitForWaypoint } from '../../../cluster/waypoints.ts';
import { requireNamespace } from '../../cluster/require-namespace.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { type Context, defineCommand, flag } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { READY_TIMEOUT, SHAPE_FLAGS, shapeOf, WAYPOINT_EXIT_CODES, WAYPOINT_FLAGS } from '../../waypoint/flags.ts';

const USE_LABEL = 'istio.io/use-waypoint';
const MODE_LABEL = 'istio.io/dataplane-mode';

/** Refuses to move a namespace from another waypoint unasked, and warns where no traffic would come by. */
const checkEnrolment = (
  { metadata: { name: namespace, labels = {} } }: KubernetesObject,
  waypoint: string,
  overwrite: boolean,
  { err }: Context,
): void => {
  const used = labels[USE_LABEL];
  if (used !== undefined && used !== waypoint && !overwrite)
    throw new Fault(`namespace ${namespace} uses the waypoint ${used} already`, {
      kind: 'failure',
      code: 'WAYPOINT_IN_USE',
      hint: 'move it with --overwrite',
    });
  if (labels[MODE_LABEL] !== 'ambient')
    err.line(
      `${err.paint.yellow('warning:')} namespace ${namespace} is not in ambient: kubectl label namespace ${namespace} ${MODE_LABEL}=ambient`,
    );
};

const enrol = async (cluster: Cluster, namespace: string, waypoint: string): Promise<void> => {
  const metadata = { name: namespace, labels: { [USE_LABEL]: waypoint } };
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata };
  await cluster.apply(object, { fieldManager: 'heddle', force: true });
};

export const waypointApply = defineCommand({
  summary: 'Creates or changes a waypoint of a namespace.',
  examples: [
    ['heddle waypoint apply -n shop --enroll-namespace --wait', 'a waypoint that all of shop uses'],
    ['heddle waypoint apply -n shop --name edge --for workload', 'one more, for traffic to pods'],
    ['heddle waypoint apply -n shop --dry-run', 'whether the cluster would take it'],
  ],
  options: {
    ...SHAPE_FLAGS,
    enrollNamespace: flag('--enroll-namespace', 'label the namespace to use it'),
    overwrite: flag('--overwrite', 'also where the namespace uses another waypoint'),
    wait: flag('-w, --wait', 'wait until it takes requests'),
    waypointTimeout: READY_TIMEOUT,
    dryRun: flag('--dry-run', 'have the cluster check it, and change nothing'),
    ...WAYPOINT_FLAGS,
  },
  formats: ['text', 'json', 'yaml'],
  handlesInterrupt: true,
  exitCodes: {
    ...WAYPOINT_EXIT_CODES,
    1: 'the namespace uses another waypoint, or the cluster knows no Gateways',
    75: 'with --wait: it was not ready in time',
  },
  seeAlso: ['heddle waypoint status', 'heddle waypoint delete'],
  run: (context, _args, options) =>
    withCluster(context, options, async (cluster) => {
      const namespace = options.namespace ?? cluster.namespace;
      const shape = shapeOf(options, namespace);
      const { name } = shape;
      const found = await requireNamespace(cluster, namespace);
      if (options.enrollNamespace) checkEnrolment(found, name, options.overwrite, context);
      await applyWaypoint(cluster, shape, options.dryRun);
      if (options.wait && !options.dryRun)
        await waitForWaypoint(cluster, { name, namespace }, options.waypointTimeout, context.signal);
      const isEnrolled = options.enrollNamespace && !options.dryRun;
      if (isEnrolled) await enrol(cluster, namespace, name);
      const document = { kind: 'Waypoint', namespace, name, isEnrolled, isDryRun: options.dryRun };
      await printDocument(
        context,
        document,
        () =>
          `waypoint ${namespace}/${name} ${options.dryRun ? 'would be applied' : 'applied'}\n` +
          (isEnrolled ? `namespace ${namespace} labeled with ${USE_LABEL}: ${name}\n` : ''),
      );
      return EXIT.ok;
    }),
});

import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { CLUSTER_EXIT_CODES, clusterFlags } from '../cluster/flags.ts';
import { durationMs, text } from '../command.ts';

const TRAFFIC_TYPES = ['all', 'none', 'service', 'workload'];
const READY_MS = 90_000;

/** What a waypoint is called where nobody says. */
const DEFAULT_NAME = 'waypoint';

/** Flags of every verb about waypoints of a cluster. */
export const WAYPOINT_FLAGS = {
  namespace: text('-n, --namespace <name>', "the waypoint's namespace; otherwise the context's"),
  ...clusterFlags,
};

/** Flags that say what a waypoint is like. */
export const SHAPE_FLAGS = {
  name: text('--name <name>', `name of the waypoint (${DEFAULT_NAME})`),
  for: text('--for <type>', `whose traffic it takes: ${TRAFFIC_TYPES.join(', ')}`),
  revision: text('-r, --revision <name>', 'the revision of the control plane that runs it'),
};

export const READY_TIMEOUT = durationMs('--waypoint-timeout <duration>', 'how long to wait for it (90s)', READY_MS);

export const WAYPOINT_EXIT_CODES = CLUSTER_EXIT_CODES;

const usage = (message: string, hint: string): Fault =>
  new Fault(message, { kind: 'usage', code: 'BAD_FLAG_VALUE', hint });

/** A waypoint from its flags; a usage Fault for a reserved name or an unknown type of traffic. */
export const shapeOf = (
  options: {
    readonly name: string | undefined;
    readonly for: string | undefined;
    readonly revision: string | undefined;
  },
  namespace: string | undefined,
) => {
  const name = options.name === undefined || options.name === '' ? DEFAULT_NAME : options.name;
  if (name === 'none')
    throw usage('a waypoint cannot be named none', 'none is what a namespace without a waypoint is labelled with');
  const { for: trafficType, revision } = options;
  if (trafficType !== undefined && !TRAFFIC_TYPES.includes(trafficType)) {
    const near = suggest(trafficType, TRAFFIC_TYPES);
    throw usage(
      `--for wants ${TRAFFIC_TYPES.join(', ')}, not "${trafficType}"`,
      near === undefined ? 'leave it out for what istiod chooses' : `did you mean ${near}?`,
    );
  }
  return { name, namespace, trafficType, revision };
};

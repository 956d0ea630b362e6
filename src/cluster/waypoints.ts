import { Fault } from '../base/fault.ts';
import { isObject } from '../model/value.ts';
import type { Cluster, Kind, KubernetesObject } from './cluster.ts';

export const WAYPOINT_KIND: Kind = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' };
const CLASS = 'istio-waypoint';
const FOR_LABEL = 'istio.io/waypoint-for';
const REVISION_LABEL = 'istio.io/rev';
const HBONE_PORT = 15_008;

/** What a waypoint is made of. */
interface WaypointShape {
  readonly name: string;
  readonly namespace: string | undefined;
  /** `all`, `none`, `service`, `workload`; istiod chooses where absent. */
  readonly trafficType: string | undefined;
  readonly revision: string | undefined;
}

/** A waypoint of a cluster. */
interface Waypoint {
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly trafficType: string;
  /** Status of condition Programmed: `True` once it has an address and takes requests. */
  readonly programmed: string;
  readonly reason: string;
  readonly message: string;
}

/** The Gateway by which istiod deploys a waypoint. */
export const waypointGateway = ({ name, namespace, trafficType, revision }: WaypointShape): KubernetesObject => {
  const labels = {
    ...(trafficType !== undefined && { [FOR_LABEL]: trafficType }),
    ...(revision !== undefined && { [REVISION_LABEL]: revision }),
  };
  return {
    ...WAYPOINT_KIND,
    metadata: {
      ...(Object.keys(labels).length > 0 && { labels }),
      name,
      ...(namespace !== undefined && { namespace }),
    },
    spec: { gatewayClassName: CLASS, listeners: [{ name: 'mesh', port: HBONE_PORT, protocol: 'HBONE' }] },
  };
};

const programmedOf = ({ status }: KubernetesObject): Readonly<Record<string, unknown>> => {
  const conditions =
    isObject(status) && Array.isArray(status['conditions']) ? status['conditions'].filter(isObject) : [];
  return conditions.find(({ type }) => type === 'Programmed') ?? {};
};

const isWaypoint = ({ spec }: KubernetesObject): boolean => isObject(spec) && spec['gatewayClassName'] === CLASS;

/** What a Gateway of the waypoints' class says of itself. */
const waypointOf = (gateway: KubernetesObject): Waypoint => {
  const { name, namespace = '', labels = {} } = gateway.metadata;
  const { status = 'False', reason = '', message = '' } = programmedOf(gateway);
  return {
    name,
    namespace,
    revision: labels[REVISION_LABEL] ?? 'default',
    trafficType: labels[FOR_LABEL] ?? 'none',
    programmed: String(status),
    reason: String(reason),
    message: String(message),
  };
};

/** The Fault of a cluster that does not know Gateways. */
const noGatewayApi = (): Fault =>
  new Fault('the cluster does not serve Gateways of the Gateway API', {
    kind: 'failure',
    code: 'KIND_NOT_SERVED',
    hint: 'install its definitions: https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api',
  });

/** Waypoints by namespace and name; of all namespaces where none is given. */
export const listWaypoints = async (cluster: Cluster, namespace: string | undefined): Promise<readonly Waypoint[]> => {
  const gateways = await cluster.list(WAYPOINT_KIND, namespace === undefined ? {} : { namespace });
  if (gateways === undefined) throw noGatewayApi();
  return gateways
    .filter(isWaypoint)
    .map(waypointOf)
    .toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
};

/** Applies a waypoint; a Fault where the cluster does not know Gateways. */
export const applyWaypoint = async (cluster: Cluster, shape: WaypointShape, isDryRun: boolean): Promise<void> => {
  if ((await cluster.served(WAYPOINT_KIND)) === undefined) throw noGatewayApi();
  await cluster.apply(waypointGateway(shape), { fieldManager: 'heddle', isDryRun });
};

/** Waits until a waypoint is programmed; a Fault WAYPOINT_NOT_READY with the reason after the time given. */
export const waitForWaypoint = async (
  cluster: Cluster,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> => {
  const limit = AbortSignal.timeout(timeoutMs);
  let last: Waypoint | undefined;
  try {
    for await (const { type, object } of cluster.watch(WAYPOINT_KIND, {
      namespace,
      fields: `metadata.name=${name}`,
      signal: AbortSignal.any([limit, signal]),
    })) {
      if (object.metadata.name !== name || type === 'BOOKMARK') continue;
      last = waypointOf(object);
      if (type !== 'DELETED' && last.programmed === 'True') return;
    }
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
  }
  const why = last === undefined || last.reason === '' ? '' : `: ${last.reason} ${last.message}`.trimEnd();
  throw new Fault(`waypoint ${namespace}/${name} is not ready after ${timeoutMs / 1000}s${why}`, {
    kind: 'timeout',
    code: 'WAYPOINT_NOT_READY',
    hint: `see its pods: kubectl get pods -n ${namespace} -l gateway.networking.k8s.io/gateway-name=${name}`,
  });
};

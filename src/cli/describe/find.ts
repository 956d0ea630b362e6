import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { parsePodArgument } from '../../cluster/pods.ts';
import type { MeshService } from '../../traffic/compile/services.ts';
import type { PlacedPod } from '../../traffic/compile/world.ts';
import type { MeshView } from '../../traffic/explain/mesh-view.ts';
import type { AnyRoute } from '../../traffic/explain/written-route.ts';

interface Candidate<T> {
  readonly value: T;
  readonly namespace: string;
  /** What it may be called. */
  readonly names: readonly string[];
}

/** The one candidate of a name, in its own namespace, else the flag's, else wherever there is only one. */
const choose = <T>(
  argument: string,
  namespaceFlag: string | undefined,
  what: string,
  candidates: readonly Candidate<T>[],
): T => {
  const parsed = parsePodArgument(argument);
  const whole = argument.slice(argument.indexOf('/') + 1);
  const namespace = parsed.namespace ?? namespaceFlag;
  const named = candidates.filter(
    (one) =>
      one.names.includes(whole) ||
      (one.names.includes(parsed.name) && (namespace === undefined || one.namespace === namespace)),
  );
  const inFlag = named.filter((one) => namespaceFlag === undefined || one.namespace === namespaceFlag);
  const [first] = inFlag;
  if (first === undefined) {
    const known = candidates.filter((one) => namespace === undefined || one.namespace === namespace);
    const near = suggest(
      parsed.name,
      known.flatMap(({ names }) => names),
    );
    throw new Fault(`there is no ${what} ${argument}${namespace === undefined ? '' : ` in namespace ${namespace}`}`, {
      kind: 'failure',
      code: 'NOT_FOUND',
      hint: near === undefined ? `name a ${what} of the mesh, or its namespace with -n` : `did you mean ${near}?`,
    });
  }
  const other = inFlag.find((one) => one.namespace !== first.namespace);
  if (other === undefined) return first.value;
  throw new Fault(`${what} ${argument} is in several namespaces`, {
    kind: 'usage',
    code: 'AMBIGUOUS_NAME',
    hint: `say ${parsed.name}.${first.namespace} or ${parsed.name}.${other.namespace}`,
  });
};

/** The pod an argument means, `[TYPE/]NAME[.NAMESPACE]`, where NAME may be its workload's; a Fault where there is none. */
export const findPlaced = (view: MeshView, argument: string, namespace: string | undefined): PlacedPod => {
  const isPod = ['pod', 'pods', 'po'].includes(parsePodArgument(argument).type);
  const candidates = view.world.pods
    .filter(({ pod }) => pod.namespace !== view.ownNamespace)
    .map((value) => ({
      value,
      namespace: value.pod.namespace,
      names: [value.pod.workload, ...(isPod || argument.indexOf('/') < 0 ? [value.pod.name] : [])],
    }));
  return choose(argument, namespace, 'pod', candidates);
};

/** The service an argument means, by its name or host; a Fault where there is none. */
export const findService = (view: MeshView, argument: string, namespace: string | undefined): MeshService =>
  choose(
    argument,
    namespace,
    'service',
    [...view.registry.values()].map((value) => ({
      value,
      namespace: value.namespace,
      names: [value.name, value.host],
    })),
  );

/** Names of the kinds of routes as kubectl takes them, the short ones too. */
const ROUTE_KINDS = new Map<string, AnyRoute['kind']>([
  ['vs', 'VirtualService'],
  ['virtualservice', 'VirtualService'],
  ['virtualservices', 'VirtualService'],
  ['httproute', 'HTTPRoute'],
  ['httproutes', 'HTTPRoute'],
  ['grpcroute', 'GRPCRoute'],
  ['grpcroutes', 'GRPCRoute'],
  ['tcproute', 'TCPRoute'],
  ['tcproutes', 'TCPRoute'],
  ['tlsroute', 'TLSRoute'],
  ['tlsroutes', 'TLSRoute'],
]);

/** The kind a name stands for, behind which kubectl takes the group; undefined where any kind is meant. */
const routeKind = (argument: string): AnyRoute['kind'] | undefined => {
  if (!argument.includes('/')) return undefined;
  const [type = ''] = parsePodArgument(argument).type.split('.');
  const kind = ROUTE_KINDS.get(type);
  if (kind !== undefined) return kind;
  const near = suggest(type, [...ROUTE_KINDS.keys()]);
  throw new Fault(`${type} is no kind of route`, {
    kind: 'usage',
    code: 'UNKNOWN_TYPE',
    hint:
      near === undefined ? 'give virtualservice, httproute, grpcroute, tcproute or tlsroute' : `did you mean ${near}?`,
  });
};

/** The route an argument means, `[KIND/]NAME[.NAMESPACE]`; a Fault where there is none, or where several kinds have the name. */
export const findRoute = (view: MeshView, argument: string, namespace: string | undefined): AnyRoute => {
  const { mesh } = view.world;
  const kind = routeKind(argument);
  const ofGatewayApi = [mesh.of('HTTPRoute'), mesh.of('GRPCRoute'), mesh.of('TCPRoute'), mesh.of('TLSRoute')].flat();
  const routes: readonly AnyRoute[] = [...mesh.of('VirtualService'), ...ofGatewayApi].filter(
    (route) => kind === undefined || route.kind === kind,
  );
  const candidates = routes.map((value) => ({ value, namespace: value.namespace, names: [value.name] }));
  const found = choose(argument, namespace, 'route', candidates);
  const other = routes.find((one) => one !== found && one.name === found.name && one.namespace === found.namespace);
  if (other === undefined) return found;
  throw new Fault(`${argument} is a ${found.kind} and a ${other.kind}`, {
    kind: 'usage',
    code: 'AMBIGUOUS_NAME',
    hint: `say ${found.kind.toLowerCase()}/${found.name}.${found.namespace}`,
  });
};

import type { Resource } from '../../../model/resource.ts';
import type { GRPCRoute, HTTPRoute, TCPRoute, TLSRoute } from '../../../model/schema/generated/types-gateway-api.ts';

export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';

/** An object that binds itself to listeners or to services of the mesh. */
export type RouteResource = Resource<HTTPRoute | GRPCRoute | TCPRoute | TLSRoute>;

/**
 * The order in which objects that want the same are heard: by time of creation where a dump of a cluster tells it, then by
 * namespace and name. Objects applied together have the same time, so their order in a file decides nothing.
 */
const bySeniority = (left: Resource, right: Resource): number =>
  compareText(left.object.metadata.creationTimestamp ?? '', right.object.metadata.creationTimestamp ?? '') ||
  compareText(left.namespace, right.namespace) ||
  compareText(left.name, right.name);

const compareText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

/** Objects of a kind that Istio's controller reads, in the order it hears them. */
export const inSeniority = <T extends Resource>(resources: readonly T[]): readonly T[] =>
  [...resources].sort(bySeniority);

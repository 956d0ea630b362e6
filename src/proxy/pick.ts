import type { Peer } from '../telemetry/peer.ts';
import { type PickWishes, pickEndpoint } from '../traffic/balance/pick-endpoint.ts';
import type { Cluster, Endpoint, UpstreamTransport } from '../traffic/tables.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';

/** Istio's word for an end nothing is known of. */
const UNKNOWN = 'unknown';

/** A peer outside of what the tables know. */
export const unknownPeer: Peer = {
  workload: UNKNOWN,
  namespace: UNKNOWN,
  app: UNKNOWN,
  version: UNKNOWN,
  canonicalService: UNKNOWN,
  canonicalRevision: UNKNOWN,
  serviceAccount: UNKNOWN,
  cluster: UNKNOWN,
};

/** The endpoint for one attempt, by balancing or by where the connection was going; undefined = 503 UH. */
export const pickFor = (
  cluster: Cluster,
  place: Place,
  state: ProxyState,
  wishes?: PickWishes,
): Endpoint | undefined => {
  switch (cluster.kind) {
    case 'endpoints':
      return pickEndpoint(cluster, state.clusters.balancerOf(cluster), state.random, state.clock.monotonicMs(), wishes);
    case 'original-destination': {
      const key = `${place.address}:${place.port}`;
      return (
        cluster.endpoints.find((endpoint) => endpoint.key === key) ??
        endpointAt(place.address, place.port, key, cluster.transport ?? PLAINTEXT)
      );
    }
    case 'application':
      return endpointAt(state.tables.node.address, place.port, `${state.tables.node.address}:${place.port}`, PLAINTEXT);
    case 'blackhole':
      return undefined;
  }
};

const PLAINTEXT: UpstreamTransport = { kind: 'plaintext' };

// Few and asked for again and again: pools compare endpoints by identity first.
const knownEndpoints = new WeakMap<UpstreamTransport, Map<string, Endpoint>>();
const MAX_KNOWN_ENDPOINTS = 1_000;

const endpointAt = (address: string, port: number, key: string, transport: UpstreamTransport): Endpoint => {
  const endpoints = knownEndpoints.get(transport) ?? new Map<string, Endpoint>();
  knownEndpoints.set(transport, endpoints);
  const known = endpoints.get(key);
  if (known !== undefined) return known;
  const endpoint: Endpoint = {
    address,
    port,
    key,
    pod: '',
    peer: unknownPeer,
    weight: 1,
    locality: '',
    transport,
  };
  if (endpoints.size >= MAX_KNOWN_ENDPOINTS) endpoints.clear();
  endpoints.set(key, endpoint);
  return endpoint;
};

import type { Permit } from '../traffic/authorize.ts';
import type { Cluster } from '../traffic/tables.ts';
import { pickFor } from './pick.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';
import { type AttemptListener, type DownstreamStream, noBytes } from './stream.ts';
import { usesHttp2 } from './upstream/protocol.ts';

export interface MirroredRequest {
  /** Of the request that is copied. */
  readonly permit: Permit;
  readonly state: ProxyState;
  readonly place: Place;
  readonly cluster: Cluster;
  readonly downstream: DownstreamStream;
  readonly head: string;
  readonly body: readonly Buffer[];
}

/** Long enough for a slow backend; a mirror must not hold connections for ever. */
const MIRROR_TIMEOUT_MS = 15_000;

/** Sends a copy of a request; whatever becomes of it, nobody hears. */
export const startMirror = (mirrored: MirroredRequest): void => {
  const { permit, state, place, cluster, downstream, head, body } = mirrored;
  const endpoint = pickFor(cluster, place, state);
  if (endpoint === undefined) return;
  const pool = state.clusters.poolOf(cluster, endpoint, state.socketOf(cluster, endpoint));
  const upstream = pool.take(permit, usesHttp2(cluster, downstream));
  const timer = setTimeout(() => upstream.cancel(), MIRROR_TIMEOUT_MS);
  const ignored: AttemptListener = {
    method: downstream.request.method,
    passesChunks: false,
    framesBody: downstream.framesBody,
    isUpgrade: false,
    onResponseHead: () => {},
    onResponseBody: () => {},
    onResponseEnd: () => clearTimeout(timer),
    onAttemptFailed: () => clearTimeout(timer),
    onUpstreamDrain: () => {},
  };
  upstream.begin(ignored);
  upstream.send(head, noBytes, 0, 0);
  for (const piece of body) upstream.send('', piece, 0, piece.length);
  upstream.endRequest();
};

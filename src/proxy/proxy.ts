import type { Clock, Random } from '../base/ports.ts';
import type { Identity } from '../ca/certificate.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import type { ClusterCounts } from '../telemetry/cluster-metrics.ts';
import type { ProxyTables } from '../traffic/tables.ts';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** How mesh addresses (10.x.y.z) map to sockets of this machine. Linux: 127.x.y.z, same port; elsewhere: a port table. */
export interface Network {
  /** The socket behind a pod's port (its inbound listener, or the app itself for a pod without sidecar). */
  socketOf(address: string, port: number): SocketAddress;
  /** The application of a pod with sidecar: what its inbound listener forwards to. */
  applicationOf(address: string, port: number): SocketAddress;
  /** Mesh address of whoever connected from this socket address. */
  meshAddressOf(host: string, port: number): string;
  /** Local address a pod connects from, so that its peers see who calls; undefined = let the system choose. */
  sourceOf(address: string): string | undefined;
  /** Addresses a name resolves to from a namespace (Services, names outside the cluster); empty = no such host. */
  resolve(host: string, namespace: string): readonly string[];
  /** A service by the name this machine knows it by (`hello.shop.localhost`, lower case, without port). */
  localService(host: string): LocalService | undefined;
}

export interface LocalService {
  /** The Host the mesh sees: `hello.shop`, with the port unless it is 80. */
  readonly authority: string;
  readonly address: string;
  readonly port: number;
}

export interface ProxyOptions {
  readonly tables: ProxyTables;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
  /** Called once per finished request, on the hot path: must not block or throw. */
  readonly onRecord: (record: AccessRecord) => void;
}

/** The gateway a door leads to. */
export interface DoorTarget {
  readonly proxy: MeshProxy;
  /** The gateway's own port for cleartext HTTP, one of those it listens on; undefined = it has none. */
  readonly port: number | undefined;
  /** The same for TLS. */
  readonly tlsPort: number | undefined;
}

/** One data-plane proxy: all listeners and pools of one sidecar or gateway. */
export interface MeshProxy {
  /** Requests in flight keep the tables they began with; pools of endpoints that vanished drain. */
  replaceTables(tables: ProxyTables): void;
  /** New connections use the new certificate; open ones finish undisturbed. */
  replaceIdentity(identity: Identity): void;
  /** Serves a captured inbound port of the pod: `port` is the pod's own port. Port 0 in `at` picks a free one. */
  listenInbound(port: number, at: SocketAddress): Promise<SocketAddress>;
  /** Serves a gateway's port. */
  listenGateway(port: number, at: SocketAddress): Promise<SocketAddress>;
  /**
   * Serves the outbound capture port (15001). Two ways in: `CONNECT ADDRESS:PORT` hands over a captured connection with
   * its original destination, byte for byte; an absolute-form request (HTTP_PROXY) names it by its URL.
   */
  listenOutbound(at: SocketAddress): Promise<SocketAddress>;
  /**
   * Serves the door of the mesh: requests for a `Network.localService` are this proxy's outbound requests, captured on
   * their way to the service; all others belong to the gateway, as if they had come to its port, and so does TLS.
   */
  listenDoor(at: SocketAddress, gateway: () => DoorTarget | undefined): Promise<SocketAddress>;
  /** What it works with now. */
  inForce(): { readonly tables: ProxyTables; readonly identity: Identity };
  /** What goes on in its clusters, for metrics. */
  clusterCounts(): readonly ClusterCounts[];
  /** Stops accepting, lets requests in flight finish for at most `drainMs`, then closes everything. */
  close(drainMs: number): Promise<void>;
}

import type { Permit } from '../../traffic/authorize.ts';
import type { ConnectionLifetimes, Endpoint } from '../../traffic/tables.ts';
import { ClientConnection, type ConnectionHome } from '../http1/client-connection.ts';
import { Http2ClientConnection, type Http2Home } from '../http2/client-connection.ts';
import type { Link } from '../link.ts';
import type { Network, SocketAddress } from '../proxy.ts';
import type { UpstreamStream } from '../stream.ts';
import { HTTP_ALPN, HTTP2_ALPN, type TlsIdentity } from '../tls/contexts.ts';
import { dial, type PeerSession } from './dial.ts';

/** Idle connections to backends close after this long, before most servers would. */
const IDLE_MS = 60_000;

export interface PoolSettings {
  readonly endpoint: Endpoint;
  readonly at: SocketAddress;
  readonly connectTimeoutMs: number;
  readonly maxRequestsPerConnection: number;
  readonly lifetimes: ConnectionLifetimes | undefined;
  /** Called when a connection is free or gone, where somebody may wait for one. */
  readonly onRoom: (() => void) | undefined;
}

/** What all pools of a proxy share. */
export interface PoolWorld {
  readonly network: Network;
  readonly sourceAddress: string;
  readonly tls: () => TlsIdentity;
  readonly monotonicMs: () => number;
}

/**
 * The connections to one endpoint of one cluster. Of those that serve one request at a time, the one used last is used
 * next, so that spare ones age out; those of HTTP/2 are filled one after another.
 */
export class Pool implements ConnectionHome, Http2Home {
  readonly settings: PoolSettings;
  readonly isTls: boolean;
  readonly maxRequests: number;
  private readonly world: PoolWorld;
  private readonly idle: ClientConnection[] = [];
  private readonly all = new Set<ClientConnection>();
  private readonly http2 = new Set<Http2ClientConnection>();
  readonly maxStreams: number;
  private isDraining = false;
  private session: PeerSession | undefined = undefined;
  private sessionOwner: TlsIdentity | undefined = undefined;

  constructor(settings: PoolSettings, world: PoolWorld) {
    this.settings = settings;
    this.world = world;
    this.isTls = settings.endpoint.transport.kind !== 'plaintext';
    this.maxRequests = settings.maxRequestsPerConnection;
    this.maxStreams = settings.lifetimes?.maxStreams ?? Number.POSITIVE_INFINITY;
  }

  get connections(): number {
    return this.all.size + this.http2.size;
  }

  /** Connections that take a request at once. */
  get idleConnections(): number {
    let idle = this.idle.length;
    for (const connection of this.http2) if (connection.hasRoom) idle += 1;
    return idle;
  }

  get isEmpty(): boolean {
    return this.all.size === 0 && this.http2.size === 0;
  }

  /** A free connection or stream, or a new one that is still connecting: writing to it is fine either way. */
  take(permit: Permit, isHttp2: boolean): UpstreamStream {
    if (isHttp2) return this.takeHttp2(permit);
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (!connection.link.isGone && connection.link.socket.writable) return connection;
    }
    return this.open(permit);
  }

  private takeHttp2(permit: Permit): UpstreamStream {
    for (const connection of this.http2) if (connection.hasRoom) return connection.take();
    const { settings, world } = this;
    const link = this.dial(permit, HTTP2_ALPN, (principal) => connection.onConnected(principal, world.sourceAddress));
    const connection = new Http2ClientConnection(link, this, settings.connectTimeoutMs);
    connection.openedMs = world.monotonicMs();
    this.http2.add(connection);
    return connection.take();
  }

  onHttp2Room(connection: Http2ClientConnection): void {
    connection.idleSinceMs = this.world.monotonicMs();
    if (this.isDraining) connection.retire();
    else this.settings.onRoom?.();
  }

  onHttp2Closed(connection: Http2ClientConnection): void {
    this.http2.delete(connection);
    this.settings.onRoom?.();
  }

  onFree(connection: ClientConnection): void {
    if (this.isDraining) {
      connection.retire();
      return;
    }
    connection.idleSinceMs = this.world.monotonicMs();
    this.idle.push(connection);
    this.settings.onRoom?.();
  }

  onClosed(connection: ClientConnection): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    this.settings.onRoom?.();
  }

  /** Closes what has been idle, or open, for too long. */
  sweep(nowMs: number): void {
    const { idleMs = IDLE_MS, maxDurationMs } = this.settings.lifetimes ?? {};
    for (const connection of [...this.idle]) if (nowMs - connection.idleSinceMs > idleMs) connection.retire();
    for (const connection of [...this.http2]) {
      connection.connection.sweep();
      if (connection.isIdle && nowMs - connection.idleSinceMs > idleMs) connection.retire();
    }
    if (maxDurationMs === undefined) return;
    for (const connection of [...this.all, ...this.http2]) {
      if (nowMs - connection.openedMs > maxDurationMs) connection.retire();
    }
  }

  /** Lets requests under way finish; every connection closes when it is free. */
  drain(): void {
    this.isDraining = true;
    this.retireConnections();
  }

  /** New requests get new connections: a rotated certificate is presented from now on. */
  retireConnections(): void {
    this.idle.length = 0;
    for (const connection of [...this.all, ...this.http2]) connection.retire();
  }

  destroy(): void {
    this.isDraining = true;
    for (const connection of [...this.all]) connection.link.destroy();
    for (const { connection } of [...this.http2]) connection.link.destroy();
  }

  private open(permit: Permit): ClientConnection {
    const { settings, world } = this;
    const link = this.dial(permit, HTTP_ALPN, (principal) => connection.onConnected(principal, world.sourceAddress));
    const connection = new ClientConnection(link, this, settings.connectTimeoutMs);
    connection.openedMs = world.monotonicMs();
    this.all.add(connection);
    return connection;
  }

  private dial(permit: Permit, alpn: readonly string[], onConnected: (peerPrincipal: string) => void): Link {
    const { settings, world } = this;
    const tls = world.tls();
    const link = dial(
      {
        permit,
        at: settings.at,
        from: world.network.sourceOf(world.sourceAddress),
        transport: settings.endpoint.transport,
        tls,
        alpn,
        session: this.sessionOwner === tls ? this.session : undefined,
      },
      {
        onConnected,
        onSession: (session) => {
          this.session = session;
          this.sessionOwner = tls;
        },
      },
    );
    const keepAliveMs = settings.lifetimes?.keepAliveMs;
    if (keepAliveMs !== undefined) link.socket.setKeepAlive(true, keepAliveMs);
    return link;
  }
}

/** A TCP connection through the proxy, byte for byte, over mutual TLS where the endpoint says so. */
import type { AccessRecord } from '../../telemetry/access-record.ts';
import { type Denial, describeDenial, describeOrigin, type Permit, type Question } from '../../traffic/authorize.ts';
import { hashConnection } from '../../traffic/balance/hash-policy.ts';
import { pickDestination } from '../../traffic/route.ts';
import type { Cluster, Endpoint, HashPolicy, Origin, ProxyTables, TcpRoute } from '../../traffic/tables.ts';
import { authorizeConnection, denialDetails } from '../authorization.ts';
import { askAuthorizer, type PendingCheck } from '../authorizer/ask-authorizer.ts';
import { originOf, serviceLabels } from '../exchange-record.ts';
import type { Link, LinkOwner } from '../link.ts';
import { pickFor, unknownPeer } from '../pick.ts';
import type { Place } from '../place.ts';
import type { Member, ProxyState } from '../proxy-state.ts';
import { TCP_ALPN } from '../tls/contexts.ts';
import { type ConnectFailure, connectFailureOf, connectTimeout } from '../upstream/connect-failure.ts';
import { dial } from '../upstream/dial.ts';

/** Envoy's default for TCP connections without traffic. */
const IDLE_TIMEOUT_MS = 3_600_000;

/** The cluster a TCP route leads to. */
export const clusterOfTcp = (tables: ProxyTables, route: TcpRoute, random: number): TunnelTarget => {
  const destination = pickDestination(route, random);
  const { origin, hash } = route;
  return {
    name: destination.cluster,
    cluster: tables.clusters.get(destination.cluster),
    origin,
    ...(hash === undefined ? {} : { hash }),
  };
};

export interface TunnelTarget {
  readonly name: string;
  /** Undefined when the tables have no such cluster: the connection is closed. */
  readonly cluster: Cluster | undefined;
  readonly origin: Origin | undefined;
  /** What consistent hashing goes by. */
  readonly hash?: readonly HashPolicy[];
}

/**
 * Joins a client's link to an endpoint of a cluster, or closes it when policies deny it. `first` are bytes read from it
 * already.
 */
export const openTunnel = (
  state: ProxyState,
  place: Place,
  downstream: Link,
  target: TunnelTarget,
  first: Buffer,
): void => {
  const tunnel = new Tunnel(state, place, downstream, target);
  state.add(tunnel);
  tunnel.authorize(false, first);
};

/** Why a connection was closed at once, for its record. */
interface Refusal {
  readonly by: string;
  readonly details: string;
}

const refusalOf = (denial: Denial): Refusal => ({ by: describeDenial(denial), details: denialDetails(denial) });

class Tunnel implements LinkOwner, Member {
  private readonly state: ProxyState;
  private readonly tables: ProxyTables;
  private readonly place: Place;
  private readonly downstream: Link;
  private readonly target: TunnelTarget;
  private readonly startMs: number;
  private readonly startMonotonicMs: number;
  private upstream: Link | undefined = undefined;
  private endpoint: Endpoint | undefined = undefined;
  private upstreamPrincipal = '';
  private upstreamLocalAddress = '';
  private isConnected = false;
  /** Among the connections that the cluster's limits count. */
  private isCounted = false;
  private isRecorded = false;
  private isDestroyed = false;
  private bytesReceived = 0;
  private bytesSent = 0;
  private flags = '-';
  private refusal: Refusal | undefined = undefined;
  private check: PendingCheck | undefined = undefined;
  private failure: ConnectFailure | undefined = undefined;
  private connectTimer: NodeJS.Timeout | undefined = undefined;
  private lastBytesMs: number;

  constructor(state: ProxyState, place: Place, downstream: Link, target: TunnelTarget) {
    this.state = state;
    this.tables = state.tables;
    this.place = place;
    this.downstream = downstream;
    this.target = target;
    this.startMs = state.clock.nowMs();
    this.startMonotonicMs = state.clock.monotonicMs();
    this.lastBytesMs = this.startMonotonicMs;
    downstream.owner = this;
  }

  /** Before anything reaches the application; Envoy would wait for the client's first byte with it. */
  authorize(isChecked: boolean, first: Buffer): void {
    const decision = authorizeConnection(this.tables, this.place, isChecked);
    switch (decision.kind) {
      case 'allow':
        this.connect(decision.permit, first);
        return;
      case 'deny':
        this.refuse(refusalOf(decision));
        return;
      case 'ask':
        this.ask(decision, first);
        return;
    }
  }

  private ask(question: Question, first: Buffer): void {
    const { state, tables, place } = this;
    const check = askAuthorizer({ state, tables, place, question });
    this.check = check;
    void check.outcome.then((outcome) => {
      this.check = undefined;
      if (this.downstream.isGone) return;
      if (outcome.kind === 'allow') {
        this.authorize(true, first);
        return;
      }
      this.flags = 'UAEX';
      const by = `provider ${question.authorizer.name} for ${describeOrigin(question.by)}`;
      this.refuse({ by, details: outcome.details });
    });
  }

  private refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.downstream.destroy();
  }

  private connect(permit: Permit, first: Buffer): void {
    const { state, place, target } = this;
    const { cluster } = target;
    const hash = hashConnection(target.hash, place.remoteAddress);
    const endpoint = cluster === undefined ? undefined : pickFor(cluster, place, state, { hash });
    if (cluster === undefined || endpoint === undefined) {
      this.flags = cluster === undefined ? 'NC' : 'UH';
      this.downstream.destroy();
      return;
    }
    if (!state.clusters.beginTunnel(cluster)) {
      this.flags = 'UO';
      this.downstream.destroy();
      return;
    }
    this.isCounted = true;
    this.endpoint = endpoint;
    const link = dial(
      {
        permit,
        at: state.socketOf(cluster, endpoint),
        from: state.network.sourceOf(state.tables.node.address),
        transport: endpoint.transport,
        tls: state.tls,
        alpn: TCP_ALPN,
        session: undefined,
      },
      { onConnected: (peerPrincipal) => this.onConnected(link, peerPrincipal), onSession: () => {} },
    );
    this.upstream = link;
    link.owner = new UpstreamSide(this);
    const keepAliveMs = cluster.lifetimes?.keepAliveMs;
    if (keepAliveMs !== undefined) link.socket.setKeepAlive(true, keepAliveMs);
    if (cluster.connectTimeoutMs > 0) {
      this.connectTimer = setTimeout(() => this.onConnectTimeout(), cluster.connectTimeoutMs);
    }
    if (first.length > 0) this.onBytes(first, 0, first.length);
    if (!this.downstream.isGone) this.downstream.resume();
  }

  private onConnected(link: Link, peerPrincipal: string): void {
    clearTimeout(this.connectTimer);
    this.isConnected = true;
    this.reportHealth('connected');
    this.upstreamPrincipal = peerPrincipal;
    this.upstreamLocalAddress = `${this.tables.node.address}:${link.socket.localPort ?? 0}`;
  }

  private onConnectTimeout(): void {
    this.failure = connectTimeout;
    this.reportHealth('timed-out');
    this.upstream?.destroy();
  }

  private reportHealth(kind: 'connected' | 'failed' | 'timed-out'): void {
    const { cluster } = this.target;
    if (cluster?.outlier === undefined || this.endpoint === undefined) return;
    this.state.clusters.report(cluster, this.endpoint, { kind });
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.bytesReceived += end - start;
    this.lastBytesMs = this.state.clock.monotonicMs();
    if (this.upstream?.write('', bytes, start, end) === false) this.downstream.pause();
  }

  onEnd(): void {
    this.upstream?.end();
  }

  onDrain(): void {
    this.upstream?.resume();
  }

  onGone(error: Error | undefined): void {
    const { upstream } = this;
    // Without an error both sides had ended: what is still on its way to the endpoint may arrive.
    if (error !== undefined || this.isDestroyed || !this.isConnected) upstream?.destroy();
    else upstream?.end();
    this.finish();
  }

  /** Both connections are gone, or the client's is and there was no other. */
  private finish(): void {
    if (!this.downstream.isGone || this.upstream?.isGone === false) return;
    clearTimeout(this.connectTimer);
    this.check?.cancel();
    if (this.isCounted && this.target.cluster !== undefined) this.state.clusters.endTunnel(this.target.cluster);
    this.isCounted = false;
    this.record();
    this.state.remove(this);
  }

  onUpstreamBytes(bytes: Buffer, start: number, end: number): void {
    this.bytesSent += end - start;
    this.lastBytesMs = this.state.clock.monotonicMs();
    if (!this.downstream.write('', bytes, start, end)) this.upstream?.pause();
  }

  onUpstreamEnd(): void {
    this.downstream.end();
  }

  onUpstreamDrain(): void {
    this.downstream.resume();
  }

  onUpstreamGone(error: Error | undefined): void {
    this.finish();
    if (!this.isConnected && !this.downstream.isGone) {
      this.flags = 'UF';
      if (this.failure === undefined) this.reportHealth('failed');
      this.failure ??= connectFailureOf(error, (this.endpoint?.transport.kind ?? 'plaintext') !== 'plaintext');
      this.downstream.reset();
      return;
    }
    // An error is passed on as one; after an orderly end the client's side ends by itself.
    if (error !== undefined) this.downstream.reset();
    else this.downstream.end();
  }

  drain(): void {}

  destroy(): void {
    this.isDestroyed = true;
    this.downstream.destroy();
    this.upstream?.destroy();
  }

  sweep(nowMs: number): void {
    const { tcpIdleMs = IDLE_TIMEOUT_MS, maxDurationMs = 0 } = this.target.cluster?.lifetimes ?? {};
    const isIdle = tcpIdleMs > 0 && nowMs - this.lastBytesMs > tcpIdleMs;
    if (isIdle || (maxDurationMs > 0 && nowMs - this.startMonotonicMs > maxDurationMs)) this.destroy();
  }

  private record(): void {
    if (this.isRecorded) return;
    this.isRecorded = true;
    const { state, tables, place, target, endpoint } = this;
    const isInbound = place.direction === 'inbound';
    const service = isInbound ? tables.inbound.get(place.port)?.service : target.cluster?.service;
    const remotePeer = (isInbound ? tables.peers.get(place.remoteAddress) : endpoint?.peer) ?? unknownPeer;
    state.onRecord({
      ...tcpRecord(tables, place, this.startMs),
      durationMs: state.clock.monotonicMs() - this.startMonotonicMs,
      flags: this.flags,
      connectionTerminationDetails: this.refusal?.details ?? '',
      deniedBy: this.refusal?.by,
      upstreamFailure: this.failure === undefined ? '' : this.failure.transport || this.failure.reason,
      bytesReceived: this.bytesReceived,
      bytesSent: this.bytesSent,
      upstreamHost: endpoint?.key ?? '',
      upstreamCluster: target.name,
      upstreamLocalAddress: this.upstreamLocalAddress,
      attempts: endpoint === undefined ? 0 : 1,
      routeOrigin: originOf(target.origin),
      localPrincipal: place.tls?.localPrincipal ?? (this.upstreamPrincipal === '' ? '' : tables.node.spiffeId),
      upstreamPrincipal: this.upstreamPrincipal,
      source: isInbound ? remotePeer : tables.node.peer,
      destination: isInbound ? tables.node.peer : remotePeer,
      ...serviceLabels(service),
    });
  }
}

/** The other half of a tunnel, as the upstream link's owner. */
class UpstreamSide implements LinkOwner {
  private readonly tunnel: Tunnel;

  constructor(tunnel: Tunnel) {
    this.tunnel = tunnel;
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.tunnel.onUpstreamBytes(bytes, start, end);
  }

  onEnd(): void {
    this.tunnel.onUpstreamEnd();
  }

  onDrain(): void {
    this.tunnel.onUpstreamDrain();
  }

  onGone(error: Error | undefined): void {
    this.tunnel.onUpstreamGone(error);
  }
}

/** The record of a connection that carried no HTTP, as far as its place tells. */
export const tcpRecord = (tables: ProxyTables, place: Place, startMs: number): AccessRecord => ({
  proxy: tables.node.id,
  reporter: place.direction === 'inbound' ? 'destination' : 'source',
  startMs,
  durationMs: 0,
  protocol: '',
  method: '',
  path: '',
  authority: '',
  responseCode: 0,
  flags: '-',
  details: '',
  connectionTerminationDetails: '',
  upstreamFailure: '',
  bytesReceived: 0,
  bytesSent: 0,
  upstreamServiceTime: '',
  forwardedFor: '',
  userAgent: '',
  requestId: '',
  upstreamHost: '',
  upstreamCluster: '',
  upstreamLocalAddress: '',
  downstreamLocalAddress: `${place.address}:${place.port}`,
  downstreamRemoteAddress: `${place.remoteAddress}:${place.remotePort}`,
  requestedServerName: place.tls?.serverName ?? place.passedServerName ?? '',
  routeName: '',
  attempts: 0,
  routeOrigin: '',
  tlsVersion: place.tls?.version ?? '',
  localPrincipal: place.tls?.localPrincipal ?? '',
  peerPrincipal: place.tls?.peerPrincipal ?? '',
  upstreamPrincipal: '',
  source: unknownPeer,
  destination: unknownPeer,
  ...serviceLabels(undefined),
  requestProtocol: 'tcp',
});

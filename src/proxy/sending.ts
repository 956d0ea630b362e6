/**
 * A request on its way to its cluster: one attempt after another until one is the answer. Also what goes with sending:
 * the time limits of a try and of the route, and the copies that mirrors get.
 *
 *   pick > wait? > send > classify > retry?
 */
import { outlierStatus } from '../traffic/balance/outlier.ts';
import type { PickWishes } from '../traffic/balance/pick-endpoint.ts';
import { excludedPriorities } from '../traffic/balance/priority-load.ts';
import { isSampled } from '../traffic/fault.ts';
import { type AttemptOutcome, decideRetry } from '../traffic/retry.ts';
import type { ClusterLimits, Endpoint } from '../traffic/tables.ts';
import type { SendingView } from './exchange-view.ts';
import type { Head } from './http1/head.ts';
import { idOf } from './http1/header-names.ts';
import { attemptFailed, noHealthyUpstream, perTryTimeout, poolOverflow, responseTimeout } from './local-answer.ts';
import { startMirror } from './mirror.ts';
import { pickFor } from './pick.ts';
import { requestHash } from './request-hash.ts';
import type { SendingOrder, SendingOwner } from './sending-order.ts';
import { type AttemptFailure, type AttemptListener, noBytes, type UpstreamStream } from './stream.ts';
import type { Waiter } from './upstream/clusters.ts';
import { usesHttp2 } from './upstream/protocol.ts';

const GRPC_STATUS = idOf('grpc-status');

export class Sending implements AttemptListener, SendingView {
  attempts = 0;
  endpoint: Endpoint | undefined = undefined;
  localAddress = '';
  principal = '';
  serviceTimeMs = -1;
  cookies: readonly string[] = [];
  readonly method: string;
  readonly passesChunks: boolean;
  readonly framesBody: boolean;
  readonly isUpgrade: boolean;

  private readonly owner: SendingOwner;
  private readonly order: SendingOrder;
  private upstream: UpstreamStream | undefined = undefined;
  private isResponseStarted = false;
  private isOver = false;
  private wasRetried = false;
  private tried: Set<string> | undefined = undefined;
  private triedPriorities: number[] | undefined = undefined;
  private waiter: Waiter | undefined = undefined;
  private isRetrying = false;
  private sentMs = 0;
  private backOffTimer: NodeJS.Timeout | undefined = undefined;
  private routeTimer: NodeJS.Timeout | undefined = undefined;
  private tryTimer: NodeJS.Timeout | undefined = undefined;

  constructor(owner: SendingOwner, order: SendingOrder) {
    this.owner = owner;
    this.order = order;
    this.method = owner.method;
    this.passesChunks = owner.downstream.passesChunks;
    this.framesBody = owner.downstream.framesBody;
    this.isUpgrade = owner.downstream.isUpgrade;
    order.replay.isKept = order.action.retry !== undefined || order.action.mirrors.length > 0;
  }

  /** Starts the first attempt with the bytes of the body that came with the head. */
  begin(bytes: Buffer, start: number, end: number): void {
    const { isRequestComplete } = this.owner;
    if (isRequestComplete) this.startRouteTimer();
    this.attempt(bytes, start, end);
    if (isRequestComplete) this.mirror();
  }

  /** Takes on more of the request's body. */
  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { upstream, owner } = this;
    const { replay } = this.order;
    const isComplete = owner.isRequestComplete;
    if (upstream === undefined) {
      replay.push(bytes, start, end);
      if (!isComplete) owner.pauseRequest();
    } else {
      const isFlowing = upstream.send('', bytes, start, end);
      replay.sent(bytes, start, end);
      if (!isFlowing && !isComplete) owner.pauseRequest();
    }
    if (!isComplete) return;
    this.startRouteTimer();
    if (upstream !== undefined) this.onRequestSent();
    this.mirror();
  }

  // ---- pick, send

  private attempt(bytes: Buffer, start: number, end: number): void {
    const { owner } = this;
    const { cluster } = this.order;
    const { state, place } = owner;
    this.attempts += 1;
    const endpoint = pickFor(cluster, place, state, this.wishes());
    if (endpoint === undefined) {
      owner.answer(noHealthyUpstream);
      return;
    }
    this.endpoint = endpoint;
    if (cluster.limits === undefined || this.isAdmitted(cluster.limits, endpoint, bytes, start, end)) {
      this.send(endpoint, bytes, start, end);
    }
  }

  private send(endpoint: Endpoint, bytes: Buffer, start: number, end: number): void {
    const { owner } = this;
    const { cluster, lines, replay, permit } = this.order;
    const { state, place } = owner;
    const { active } = state.clusters.balancerOf(cluster);
    active.set(endpoint.key, (active.get(endpoint.key) ?? 0) + 1);
    const pool = state.clusters.poolOf(cluster, endpoint, state.socketOf(cluster, endpoint));
    const upstream = pool.take(permit, usesHttp2(cluster, owner.downstream));
    this.upstream = upstream;
    upstream.begin(this);
    const count = place.direction === 'inbound' ? '' : `x-envoy-attempt-count: ${this.attempts}\r\n`;
    const head = `${this.method} ${lines.target} HTTP/1.1\r\n${lines.lines}${count}\r\n`;
    let isFlowing: boolean;
    if (replay.isEmpty) isFlowing = upstream.send(head, bytes, start, end);
    else {
      isFlowing = upstream.send(head, noBytes, 0, 0);
      for (const piece of replay.pieces) isFlowing = upstream.send('', piece, 0, piece.length);
      isFlowing = upstream.send('', bytes, start, end);
    }
    if (replay.isKept || !replay.isEmpty) replay.sent(bytes, start, end);
    this.sentMs = state.clock.monotonicMs();
    if (owner.isRequestComplete) this.onRequestSent();
    else if (!isFlowing) owner.pauseRequest();
    else owner.release();
  }

  /** Undefined for the first attempt of a request that is not hashed. */
  private wishes(): PickWishes | undefined {
    const { owner, tried, triedPriorities } = this;
    const { action, cluster } = this.order;
    if (action.hash === undefined && tried === undefined && triedPriorities === undefined) return undefined;
    const hashed = requestHash(owner, action, cluster);
    this.cookies = hashed?.cookies ?? [];
    const withoutPriorities = triedPriorities === undefined ? undefined : excludedPriorities(triedPriorities);
    return { hash: hashed?.hash, tried, withoutPriorities };
  }

  /** Asks the cluster's limits; a request that has to wait goes on with `onAdmitted`. */
  private isAdmitted(limits: ClusterLimits, endpoint: Endpoint, bytes: Buffer, start: number, end: number): boolean {
    const { owner } = this;
    const { cluster, replay } = this.order;
    const { clusters } = owner.state;
    switch (clusters.admit(cluster, endpoint, limits)) {
      case 'go':
        return true;
      case 'overflow':
        owner.answer(poolOverflow);
        return false;
      case 'wait':
        replay.push(bytes, start, end);
        owner.pauseRequest();
        this.waiter = {
          limits,
          onAdmitted: () => {
            this.waiter = undefined;
            this.send(endpoint, noBytes, 0, 0);
          },
          onOverflow: () => {
            this.waiter = undefined;
            owner.answer(poolOverflow);
          },
        };
        clusters.wait(cluster, endpoint, this.waiter);
        return false;
    }
  }

  private onRequestSent(): void {
    this.upstream?.endRequest();
    this.sentMs = this.owner.state.clock.monotonicMs();
    const perTryMs = this.order.action.retry?.perTryTimeoutMs ?? 0;
    if (perTryMs > 0) this.tryTimer = setTimeout(onPerTryTimeout, perTryMs, this);
  }

  /** The route's limit counts from the end of the request. */
  private startRouteTimer(): void {
    const { timeoutMs } = this.order.action;
    if (timeoutMs > 0) this.routeTimer = setTimeout(onRouteTimeout, timeoutMs, this);
  }

  /** Sends copies; needs the whole body, so a body too big to keep is not mirrored. */
  private mirror(): void {
    const { action, lines, permit, replay } = this.order;
    if (action.mirrors.length === 0 || replay.isLost) return;
    const { state, place, tables } = this.owner;
    for (const { cluster: name, percent } of action.mirrors) {
      const cluster = tables.clusters.get(name);
      if (cluster === undefined || !isSampled(percent, state.random())) continue;
      const head = `${this.method} ${lines.target} HTTP/1.1\r\n${lines.lines}x-envoy-attempt-count: 1\r\n\r\n`;
      startMirror({ permit, state, place, cluster, downstream: this.owner.downstream, head, body: replay.pieces });
    }
  }

  // ---- classify, retry

  onResponseHead(head: Head, isBodiless: boolean, bytes: Buffer, start: number, end: number): void {
    const grpcStatus = head.has(GRPC_STATUS) ? Number(head.value(GRPC_STATUS)) : undefined;
    const { cluster } = this.order;
    if (cluster.outlier !== undefined && this.endpoint !== undefined) {
      const status = outlierStatus(head.status, grpcStatus);
      this.owner.state.clusters.report(cluster, this.endpoint, { kind: 'status', status });
    }
    if (this.retryAfter({ kind: 'response', status: head.status, grpcStatus })) return;
    clearTimeout(this.tryTimer);
    this.serviceTimeMs = Math.round(this.owner.state.clock.monotonicMs() - this.sentMs);
    this.noteUpstream();
    this.isResponseStarted = true;
    const isFlowing = this.owner.onUpstreamHead(head, isBodiless, grpcStatus, bytes, start, end);
    if (!isFlowing) this.upstream?.pauseResponse();
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    if (!this.owner.onUpstreamBody(bytes, start, end)) this.upstream?.pauseResponse();
  }

  onResponseEnd(bodyBytes: number, trailers: string): void {
    // A backend that answered before it had the request must not read the rest as another one.
    if (!this.owner.isRequestComplete) this.upstream?.retire();
    this.releaseUpstream();
    this.owner.onUpstreamEnd(bodyBytes, trailers);
  }

  onAttemptFailed(failure: AttemptFailure): void {
    const isSent = this.upstream?.isSent ?? false;
    this.reportFailure('failed');
    this.noteUpstream();
    this.releaseUpstream();
    if (this.isResponseStarted) {
      const [flag, reason] = breakingOf(failure);
      this.owner.breakOff(flag, `upstream_reset_after_response_started{${reason}}`);
      return;
    }
    if (this.retryAfter(outcomeOf(failure, isSent))) return;
    this.owner.answer(attemptFailed(failure, this.wasRetried));
  }

  onPerTryTimeout(): void {
    if (this.isResponseStarted || this.isOver) return;
    this.reportFailure('timed-out');
    this.cancel();
    if (!this.retryAfter({ kind: 'per-try-timeout' })) this.owner.answer(perTryTimeout);
  }

  onRouteTimeout(): void {
    if (this.isOver) return;
    if (!this.isResponseStarted) this.reportFailure('timed-out');
    this.cancel();
    if (this.isResponseStarted) this.owner.breakOff('UT', 'response_timeout');
    else this.owner.answer(responseTimeout);
  }

  /** Tells the health of the endpoint that an attempt is under way at. */
  private reportFailure(kind: 'failed' | 'timed-out'): void {
    const { cluster } = this.order;
    if (cluster.outlier === undefined || this.upstream === undefined || this.endpoint === undefined) return;
    this.owner.state.clusters.report(cluster, this.endpoint, { kind });
  }

  private endRetry(): void {
    if (!this.isRetrying) return;
    this.isRetrying = false;
    this.owner.state.clusters.endRetry(this.order.cluster);
  }

  /** Starts the next attempt if the policy wants one; false = this outcome is the answer. */
  private retryAfter(outcome: AttemptOutcome): boolean {
    const policy = this.order.action.retry;
    this.endRetry();
    if (policy === undefined || this.order.replay.isLost) return false;
    const decision = decideRetry(policy, this.attempts, outcome, this.owner.state.random());
    if (decision.kind === 'stop') {
      if (decision.limitExceeded) this.owner.addFlags('URX');
      return false;
    }
    if (!this.owner.state.clusters.beginRetry(this.order.cluster)) {
      this.owner.addFlags('UO');
      return false;
    }
    this.isRetrying = true;
    this.cancel();
    clearTimeout(this.tryTimer);
    this.wasRetried = true;
    if (policy.avoidPreviousPriorities === true) {
      this.triedPriorities ??= [];
      this.triedPriorities.push(this.endpoint?.priority ?? 0);
    }
    if (policy.avoidPreviousHosts && this.endpoint !== undefined) {
      this.tried ??= new Set();
      this.tried.add(this.endpoint.key);
    }
    this.backOffTimer = setTimeout(onBackOffOver, decision.afterMs, this);
    return true;
  }

  onBackOffOver(): void {
    if (!this.isOver) this.attempt(noBytes, 0, 0);
  }

  // ---- flow, and the end

  onUpstreamDrain(): void {
    if (!this.owner.isRequestComplete) this.owner.release();
  }

  onDownstreamDrain(): void {
    this.upstream?.resumeResponse();
  }

  /** The exchange has ended; nothing is started any more. */
  close(): void {
    this.isOver = true;
    this.endRetry();
    this.leaveQueue();
    if (this.backOffTimer !== undefined) clearTimeout(this.backOffTimer);
    if (this.routeTimer !== undefined) clearTimeout(this.routeTimer);
    if (this.tryTimer !== undefined) clearTimeout(this.tryTimer);
  }

  private noteUpstream(): void {
    const { upstream } = this;
    if (upstream === undefined) return;
    this.localAddress = upstream.localAddress;
    this.principal = upstream.peerPrincipal;
  }

  /** Gives up the attempt under way. */
  cancel(): void {
    const { upstream } = this;
    this.leaveQueue();
    if (upstream === undefined) return;
    this.noteUpstream();
    this.releaseUpstream();
    upstream.cancel();
  }

  private leaveQueue(): void {
    const { waiter, endpoint } = this;
    if (waiter === undefined || endpoint === undefined) return;
    this.waiter = undefined;
    this.owner.state.clusters.leave(this.order.cluster, endpoint, waiter);
  }

  private releaseUpstream(): void {
    const { endpoint } = this;
    if (this.upstream === undefined || endpoint === undefined) return;
    this.upstream = undefined;
    const { active } = this.owner.state.clusters.balancerOf(this.order.cluster);
    const left = (active.get(endpoint.key) ?? 1) - 1;
    if (left > 0) active.set(endpoint.key, left);
    else active.delete(endpoint.key);
  }
}

const onPerTryTimeout = (sending: Sending): void => sending.onPerTryTimeout();
const onRouteTimeout = (sending: Sending): void => sending.onRouteTimeout();
const onBackOffOver = (sending: Sending): void => sending.onBackOffOver();

const outcomeOf = (failure: AttemptFailure, requestSent: boolean): AttemptOutcome => {
  if (failure.kind === 'connect') return { kind: 'connect-failure' };
  if (failure.kind === 'remote-reset' && failure.isRefused) return { kind: 'refused-stream' };
  return { kind: 'reset', requestSent };
};

/** How Envoy tells of a response that breaks off. */
const breakingOf = ({ kind }: AttemptFailure): readonly [flag: string, reason: string] => {
  if (kind === 'protocol-error') return ['UPE', 'protocol_error'];
  return kind === 'remote-reset' ? ['UR', 'remote_reset'] : ['UC', 'connection_termination'];
};

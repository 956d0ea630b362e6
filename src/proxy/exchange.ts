/**
 * One request from its head to its record. The stages follow each other top to bottom; each asks a pure function of
 * `traffic/` and performs what it answers:
 *
 *   authenticate > route > authorize > fault > pick > send > classify > retry? > record
 *
 * The file is long because the sequence is: it is meant to be read in one go. The exchange belongs to no protocol: it knows its two sides as DownstreamStream and UpstreamStream.
 */
import { STATUS_CODES } from 'node:http';
import { describeDenial, type Permit } from '../traffic/authorize.ts';
import { decideCors } from '../traffic/cors.ts';
import { decideFault, isSampled } from '../traffic/fault.ts';
import { normalizePath } from '../traffic/path.ts';
import { redirectLocation } from '../traffic/redirect.ts';
import { type AttemptOutcome, decideRetry } from '../traffic/retry.ts';
import { pickDestination } from '../traffic/route.ts';
import type { Cluster, Endpoint, ProxyTables, Route, WeightedDestination } from '../traffic/tables.ts';
import { authorizeRequest, denialAnswer, GRPC_PERMISSION_DENIED } from './authorization.ts';
import { recordOf } from './exchange-record.ts';
import { type Forwarded, forwardHeaders } from './forwarded-headers.ts';
import { type ClientConnection, noBytes } from './http1/client-connection.ts';
import type { Head } from './http1/head.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import { idOf } from './http1/header-names.ts';
import type { RequestView } from './http1/request-view.ts';
import type { RequestSink, ServerConnection } from './http1/server-connection.ts';
import {
  attemptFailed,
  clusterNotFound,
  faultAbort,
  type LocalAnswer,
  noHealthyUpstream,
  pathNotNormalized,
  pathRejected,
  perTryTimeout,
  responseTimeout,
  routeNotFound,
  upgradeRefused,
} from './local-answer.ts';
import { startMirror } from './mirror.ts';
import { pickFor } from './pick.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import { type Forward, type RequestLines, requestLines } from './request-lines.ts';
import { type HeaderPair, localLines, responseLines } from './response-lines.ts';
import { routeFor } from './routing.ts';
import type { AttemptFailure, AttemptListener } from './stream.ts';

const CONTENT_TYPE = idOf('content-type');
const USER_AGENT = idOf('user-agent');
const GRPC_STATUS = idOf('grpc-status');
const UPGRADE = idOf('upgrade');

export class Exchange implements RequestSink, AttemptListener {
  readonly state: ProxyState;
  readonly tables: ProxyTables;
  readonly place: Place;
  readonly downstream: ServerConnection;
  readonly request: RequestView;
  readonly startMs: number;
  readonly method: string;

  // what the record needs
  path = '';
  authority = '';
  userAgent = '';
  forwarded: Forwarded = { requestId: '', forwardedFor: '', hasDecorator: false };
  isGrpc = false;
  route: Route | undefined = undefined;
  destination: WeightedDestination | undefined = undefined;
  cluster: Cluster | undefined = undefined;
  endpoint: Endpoint | undefined = undefined;
  attempts = 0;
  status = 0;
  flags = '';
  details = '';
  upstreamFailure = '';
  deniedBy: string | undefined = undefined;
  serviceTimeMs = -1;
  responseBytes = 0;
  grpcStatus: number | undefined = undefined;
  upstreamLocalAddress = '';
  upstreamPrincipal = '';

  private readonly startMonotonicMs: number;
  readonly editor: HeaderEditor;
  responseHead: Head | undefined = undefined;
  corsHeaders: readonly HeaderPair[] | undefined = undefined;
  private readonly replay = new ReplayBuffer();
  private upstream: ClientConnection | undefined = undefined;
  private permit: Permit | undefined = undefined;
  private composed: RequestLines | undefined = undefined;
  private isRequestComplete = false;
  private isResponseStarted = false;
  private isFinished = false;
  private isHolding = false;
  private wasRetried = false;
  private tried: Set<string> | undefined = undefined;
  private sentMs = 0;
  private timer: NodeJS.Timeout | undefined = undefined;
  private routeTimer: NodeJS.Timeout | undefined = undefined;
  private tryTimer: NodeJS.Timeout | undefined = undefined;

  constructor(state: ProxyState, place: Place, downstream: ServerConnection) {
    this.state = state;
    this.tables = state.tables;
    this.place = place;
    this.downstream = downstream;
    this.request = downstream.request;
    this.method = downstream.request.method;
    this.editor = downstream.editor;
    this.startMs = state.clock.nowMs();
    this.startMonotonicMs = state.clock.monotonicMs();
  }

  get passesChunks(): boolean {
    return this.downstream.passesChunks;
  }

  get durationMs(): number {
    return this.state.clock.monotonicMs() - this.startMonotonicMs;
  }

  // ---- stage: take over the request

  begin(bytes: Buffer, start: number, end: number, isComplete: boolean): void {
    const { request, place, editor, tables } = this;
    const { head } = request;
    this.isRequestComplete = isComplete;
    editor.reset();
    this.takeNames();
    this.isGrpc = head.value(CONTENT_TYPE).startsWith('application/grpc');
    if (!isAuthenticated(tables, place)) {
      this.refuseConnection();
      return;
    }
    this.forwarded = forwardHeaders(request, editor, place);
    if (request.isAbsolute) editor.host = request.authority;
    if (this.method === 'CONNECT' || isUpgrade(head)) {
      this.answer(upgradeRefused);
      return;
    }
    if (!request.path.startsWith('/')) {
      this.answer(pathRejected);
      return;
    }
    const normalized = normalizePath(request.path, tables.pathNormalization ?? 'BASE');
    if ('refused' in normalized) {
      this.answer(pathNotNormalized);
      return;
    }
    request.path = normalized.path;
    this.path = normalized.path;
    this.decide(bytes, start, end);
  }

  /** The port turned STRICT while a plaintext connection was open: Envoy would have closed it with its listener. */
  private refuseConnection(): void {
    this.flags = 'NR';
    this.details = 'filter_chain_not_found';
    this.finish();
    this.downstream.abort();
  }

  /** What the record says of the request as it came. */
  takeNames(): void {
    const { request } = this;
    this.path = request.path;
    this.authority = request.authority;
    this.userAgent = request.head.value(USER_AGENT);
  }

  // ---- stages: route, authorize

  private decide(bytes: Buffer, start: number, end: number): void {
    const route = routeFor(this.tables, this.place, this.request);
    this.route = route;
    if (route?.action.kind === 'forward') {
      const { action } = route;
      // No draw where there is no choice.
      this.destination = pickDestination(action, action.destinations.length > 1 ? this.state.random() : 0);
      this.cluster = this.tables.clusters.get(this.destination.cluster);
    }
    const decision = authorizeRequest(this.tables, this.place, this);
    if (decision.kind === 'deny') {
      this.deniedBy = describeDenial(decision);
      if (this.isGrpc) this.grpcStatus = GRPC_PERMISSION_DENIED;
      const { answer, headers } = denialAnswer(decision, this.isGrpc);
      this.answer(answer, headers);
      return;
    }
    // Asked before it is known whether there is anything to find.
    if (route === undefined) this.answer(routeNotFound);
    else this.delayOrAct(decision.permit, route, bytes, start, end);
  }

  // ---- stage: fault

  private delayOrAct(permit: Permit, route: Route, bytes: Buffer, start: number, end: number): void {
    const { action } = route;
    const fault = decideFault(action.fault, this.state.random);
    if (fault.delayMs === 0) {
      if (fault.abort !== undefined) {
        this.answer(faultAbort(fault.abort.status));
        return;
      }
      this.act(permit, route, bytes, start, end);
      return;
    }
    this.flags = 'DI';
    this.replay.push(bytes, start, end);
    this.hold();
    this.timer = setTimeout(() => {
      if (fault.abort !== undefined) return this.answer(faultAbort(fault.abort.status));
      this.act(permit, route, noBytes, 0, 0);
    }, fault.delayMs);
  }

  /** Lets the rest of the request wait on its connection until there is an attempt to take it. */
  private hold(): void {
    if (this.isRequestComplete) return;
    this.isHolding = true;
    this.downstream.pauseRequest();
  }

  private release(): void {
    if (!this.isHolding || this.isFinished) return;
    this.isHolding = false;
    this.downstream.resumeRequest();
  }

  private act(permit: Permit, route: Route, bytes: Buffer, start: number, end: number): void {
    const { action } = route;
    switch (action.kind) {
      case 'forward':
        this.forward(permit, route, action, bytes, start, end);
        return;
      case 'redirect': {
        const location = redirectLocation(action, this.request);
        this.answer({ status: action.code, flags: '-', details: 'direct_response', body: '' }, [
          ['location', location],
        ]);
        return;
      }
      case 'respond':
        this.answer({ status: action.status, flags: '-', details: 'direct_response', body: action.body });
        return;
    }
  }

  private forward(permit: Permit, route: Route, action: Forward, bytes: Buffer, start: number, end: number): void {
    const cors = decideCors(action.cors, this.request);
    if (cors.kind === 'preflight') {
      this.answer({ status: 200, flags: '-', details: 'cors_response', body: '' }, cors.headers);
      return;
    }
    if (cors.kind === 'actual') this.corsHeaders = cors.headers;
    if (this.cluster === undefined) {
      this.answer(clusterNotFound);
      return;
    }
    this.permit = permit;
    this.composed = requestLines(this, route, action);
    this.replay.isKept = action.retry !== undefined || action.mirrors.length > 0;
    if (action.timeoutMs > 0 && this.isRequestComplete) this.startRouteTimer(action.timeoutMs);
    this.attempt(permit, bytes, start, end);
    if (this.isRequestComplete) this.mirror();
  }

  // ---- stages: pick, send

  private attempt(permit: Permit, bytes: Buffer, start: number, end: number): void {
    const { cluster, state, place, replay, composed } = this;
    if (cluster === undefined || composed === undefined) return;
    this.attempts += 1;
    const endpoint = pickFor(cluster, place, state, this.tried);
    if (endpoint === undefined) {
      this.answer(noHealthyUpstream);
      return;
    }
    this.endpoint = endpoint;
    const { active } = state.clusters.balancerOf(cluster);
    active.set(endpoint.key, (active.get(endpoint.key) ?? 0) + 1);
    const upstream = state.clusters.poolOf(cluster, endpoint, state.socketOf(cluster, endpoint)).take(permit);
    this.upstream = upstream;
    upstream.begin(this);
    const count = place.direction === 'inbound' ? '' : `x-envoy-attempt-count: ${this.attempts}\r\n`;
    const head = `${this.method} ${composed.target} HTTP/1.1\r\n${composed.lines}${count}\r\n`;
    let isFlowing: boolean;
    if (replay.isEmpty) isFlowing = upstream.send(head, bytes, start, end);
    else {
      isFlowing = upstream.send(head, noBytes, 0, 0);
      for (const piece of replay.pieces) isFlowing = upstream.send('', piece, 0, piece.length);
      isFlowing = upstream.send('', bytes, start, end);
    }
    if (replay.isKept || !replay.isEmpty) replay.sent(bytes, start, end);
    this.sentMs = state.clock.monotonicMs();
    if (this.isRequestComplete) this.onRequestSent();
    else if (!isFlowing) this.downstream.pauseRequest();
    else this.release();
  }

  private onRequestSent(): void {
    const perTryMs = this.forwardAction()?.retry?.perTryTimeoutMs ?? 0;
    if (perTryMs > 0) this.tryTimer = setTimeout(onPerTryTimeout, perTryMs, this);
  }

  private startRouteTimer(timeoutMs: number): void {
    this.routeTimer = setTimeout(onRouteTimeout, timeoutMs, this);
  }

  private forwardAction(): Forward | undefined {
    return this.route?.action.kind === 'forward' ? this.route.action : undefined;
  }

  onRequestBody(bytes: Buffer, start: number, end: number, isComplete: boolean): void {
    if (this.isFinished) return;
    this.isRequestComplete = isComplete;
    const { upstream, replay } = this;
    if (upstream === undefined) {
      replay.push(bytes, start, end);
      this.hold();
    } else {
      const isFlowing = upstream.send('', bytes, start, end);
      replay.sent(bytes, start, end);
      if (!isFlowing && !isComplete) this.downstream.pauseRequest();
    }
    if (!isComplete) return;
    const action = this.forwardAction();
    if (action !== undefined && action.timeoutMs > 0) this.startRouteTimer(action.timeoutMs);
    if (upstream !== undefined) {
      this.sentMs = this.state.clock.monotonicMs();
      this.onRequestSent();
    }
    this.mirror();
  }

  /** Sends copies; needs the whole body, so a body too big to keep is not mirrored. */
  private mirror(): void {
    const { composed, permit } = this;
    const action = this.forwardAction();
    if (action === undefined || action.mirrors.length === 0 || this.replay.isLost) return;
    if (composed === undefined || permit === undefined) return;
    for (const { cluster: name, percent } of action.mirrors) {
      const cluster = this.tables.clusters.get(name);
      if (cluster === undefined || !isSampled(percent, this.state.random())) continue;
      const head = `${this.method} ${composed.target} HTTP/1.1\r\n${composed.lines}x-envoy-attempt-count: 1\r\n\r\n`;
      startMirror({
        permit,
        state: this.state,
        place: this.place,
        cluster,
        method: this.method,
        head,
        body: this.replay.pieces,
      });
    }
  }

  // ---- stages: classify, retry

  onResponseHead(head: Head, isBodiless: boolean, bytes: Buffer, start: number, end: number): void {
    const grpcStatus = head.has(GRPC_STATUS) ? Number(head.value(GRPC_STATUS)) : undefined;
    if (this.retryAfter({ kind: 'response', status: head.status, grpcStatus })) return;
    clearTimeout(this.tryTimer);
    this.status = head.status;
    this.details = 'via_upstream';
    this.grpcStatus = grpcStatus;
    this.serviceTimeMs = Math.round(this.state.clock.monotonicMs() - this.sentMs);
    this.noteUpstream();
    this.isResponseStarted = true;
    const lines = responseLines(this, head);
    this.responseBytes += end - start;
    const isFlowing = this.downstream.sendHead(
      {
        status: head.status,
        reason: STATUS_CODES[head.status] ?? head.reason,
        lines,
        isBodiless,
        hasLength: head.contentLength >= 0,
        isFramed: head.isChunked && !isBodiless && this.passesChunks,
      },
      bytes,
      start,
      end,
    );
    if (!isFlowing) this.upstream?.pauseResponse();
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.responseBytes += end - start;
    if (!this.downstream.sendBody(bytes, start, end)) this.upstream?.pauseResponse();
  }

  onResponseEnd(bodyBytes: number): void {
    // A backend that answered before it had the request must not read the rest as another one.
    if (!this.isRequestComplete) this.upstream?.retire();
    this.releaseUpstream();
    this.responseBytes = bodyBytes;
    this.finish();
    this.downstream.endBody();
  }

  onAttemptFailed(failure: AttemptFailure): void {
    const isSent = this.upstream?.isSent ?? false;
    this.noteUpstream();
    this.releaseUpstream();
    if (this.isResponseStarted) {
      this.flags = joinFlags(this.flags, failure.kind === 'protocol-error' ? 'UPE' : 'UC');
      this.details = `upstream_reset_after_response_started{${failure.kind === 'protocol-error' ? 'protocol_error' : 'connection_termination'}}`;
      this.finish();
      this.downstream.abort();
      return;
    }
    if (this.retryAfter(outcomeOf(failure, isSent))) return;
    this.answer(attemptFailed(failure, this.wasRetried));
  }

  onPerTryTimeout(): void {
    if (this.isResponseStarted || this.isFinished) return;
    this.cancelUpstream();
    if (!this.retryAfter({ kind: 'per-try-timeout' })) this.answer(perTryTimeout);
  }

  onRouteTimeout(): void {
    if (this.isFinished) return;
    this.cancelUpstream();
    if (!this.isResponseStarted) {
      this.answer(responseTimeout);
      return;
    }
    this.flags = joinFlags(this.flags, 'UT');
    this.details = 'response_timeout';
    this.finish();
    this.downstream.abort();
  }

  /** Starts the next attempt if the policy wants one; false = this outcome is the answer. */
  private retryAfter(outcome: AttemptOutcome): boolean {
    const policy = this.forwardAction()?.retry;
    if (policy === undefined || this.replay.isLost) return false;
    const decision = decideRetry(policy, this.attempts, outcome, this.state.random());
    if (decision.kind === 'stop') {
      if (decision.limitExceeded) this.flags = joinFlags(this.flags, 'URX');
      return false;
    }
    this.cancelUpstream();
    clearTimeout(this.tryTimer);
    this.wasRetried = true;
    if (policy.avoidPreviousHosts && this.endpoint !== undefined) {
      this.tried ??= new Set();
      this.tried.add(this.endpoint.key);
    }
    this.timer = setTimeout(onBackOffOver, decision.afterMs, this);
    return true;
  }

  onBackOffOver(): void {
    if (!this.isFinished && this.permit !== undefined) this.attempt(this.permit, noBytes, 0, 0);
  }

  private noteUpstream(): void {
    const { upstream } = this;
    if (upstream === undefined) return;
    this.upstreamLocalAddress = upstream.localAddress;
    this.upstreamPrincipal = upstream.peerPrincipal;
  }

  private cancelUpstream(): void {
    const { upstream } = this;
    if (upstream === undefined) return;
    this.noteUpstream();
    this.releaseUpstream();
    upstream.cancel();
  }

  private releaseUpstream(): void {
    const { cluster, endpoint } = this;
    if (this.upstream === undefined || cluster === undefined || endpoint === undefined) return;
    this.upstream = undefined;
    const { active } = this.state.clusters.balancerOf(cluster);
    const left = (active.get(endpoint.key) ?? 1) - 1;
    if (left > 0) active.set(endpoint.key, left);
    else active.delete(endpoint.key);
  }

  // ---- answers of the proxy itself

  /** Answers without, or in place of, a backend. */
  answer(local: LocalAnswer, headers: readonly HeaderPair[] = []): void {
    if (this.isFinished || this.isResponseStarted) return;
    this.cancelUpstream();
    const { status } = local;
    this.status = status;
    this.flags = joinFlags(this.flags, local.flags);
    this.details = local.details;
    this.upstreamFailure = local.upstreamFailure ?? '';
    this.isResponseStarted = true;
    const body = Buffer.from(local.body, 'utf8');
    const lines = localLines(this, local, body.length, headers);
    const isBodiless = this.method === 'HEAD' || status === 204 || status === 304;
    this.responseBytes = isBodiless ? 0 : body.length;
    const reason = STATUS_CODES[status] ?? 'Unknown';
    const start = { status, reason, lines, isBodiless, hasLength: true, isFramed: false };
    this.downstream.sendHead(start, body, 0, this.responseBytes);
    this.finish();
    this.downstream.endBody();
  }

  // ---- flow, and the end

  onUpstreamDrain(): void {
    this.isHolding = false;
    if (!this.isRequestComplete) this.downstream.resumeRequest();
  }

  onDownstreamDrain(): void {
    this.upstream?.resumeResponse();
  }

  onDownstreamGone(): void {
    if (this.isFinished) return;
    this.cancelUpstream();
    this.flags = joinFlags(this.flags, 'DC');
    this.details = 'downstream_remote_disconnect';
    this.finish();
  }

  // ---- stage: record

  private finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.routeTimer !== undefined) clearTimeout(this.routeTimer);
    if (this.tryTimer !== undefined) clearTimeout(this.tryTimer);
    this.state.onRecord(recordOf(this));
  }
}

const onPerTryTimeout = (exchange: Exchange): void => exchange.onPerTryTimeout();
const onRouteTimeout = (exchange: Exchange): void => exchange.onRouteTimeout();
const onBackOffOver = (exchange: Exchange): void => exchange.onBackOffOver();

/** A client may offer to go on in cleartext HTTP/2; Envoy declines by not mentioning it. */
const isUpgrade = (head: Head): boolean => head.isUpgrade && head.value(UPGRADE).toLowerCase() !== 'h2c';

const joinFlags = (flags: string, more: string): string => {
  if (more === '-' || more === '') return flags;
  return flags === '' ? more : `${flags},${more}`;
};

/** Who the client is was settled by its connection; here it only has to be enough for the tables of this request. */
const isAuthenticated = (tables: ProxyTables, { direction, port, tls }: Place): boolean =>
  direction !== 'inbound' ||
  tls !== undefined ||
  (tables.inbound.get(port)?.mtls ?? tables.inboundDefault) !== 'STRICT';

const outcomeOf = (failure: AttemptFailure, requestSent: boolean): AttemptOutcome =>
  failure.kind === 'connect' ? { kind: 'connect-failure' } : { kind: 'reset', requestSent };

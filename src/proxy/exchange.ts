/**
 * One request from its head to its record. The stages follow each other top to bottom; each asks a pure function of
 * `traffic/` and performs what it answers:
 *
 *   take over > route > admit (admission.ts) > fault > limit (limit-request.ts) > send (sending.ts) > record
 *
 * The exchange belongs to no protocol: it knows its two sides as DownstreamStream and UpstreamStream.
 */
import { STATUS_CODES } from 'node:http';
import type { Permit } from '../traffic/authorize.ts';
import type { HeaderChange } from '../traffic/authorizer.ts';
import { decideCors } from '../traffic/cors.ts';
import { decideFault } from '../traffic/fault.ts';
import { isGrpc } from '../traffic/grpc.ts';
import { normalizePath } from '../traffic/path.ts';
import { redirectLocation } from '../traffic/redirect.ts';
import { pickDestination } from '../traffic/route.ts';
import { routeFor } from '../traffic/routing.ts';
import type { Cluster, ProxyTables, Route, WeightedDestination } from '../traffic/tables.ts';
import { type Admitted, admit } from './admission.ts';
import { isAuthenticated } from './authorization.ts';
import type { PendingCheck } from './authorizer/ask-authorizer.ts';
import { recordOf } from './exchange-record.ts';
import { type Forwarded, forwardHeaders } from './forwarded-headers.ts';
import type { Head } from './http1/head.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import { idOf } from './http1/header-names.ts';
import type { RequestView } from './http1/request-view.ts';
import { isLimited } from './limit-request.ts';
import {
  clusterNotFound,
  corsPreflight,
  directResponse,
  faultAbort,
  grpcAnswer,
  type HeaderPair,
  type LocalAnswer,
  pathNotNormalized,
  pathRejected,
  redirected,
  routeNotFound,
  upgradeRefused,
} from './local-answer.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import { type Forward, requestLines, withGrpcTimeout } from './request-lines.ts';
import { localLines, responseLines } from './response-lines.ts';
import { Sending } from './sending.ts';
import type { SendingOwner } from './sending-order.ts';
import { type DownstreamStream, noBytes, type RequestSink } from './stream.ts';
import { traceRequest } from './tracing/trace-request.ts';

const CONTENT_LENGTH = idOf('content-length');
const CONTENT_TYPE = idOf('content-type');
const USER_AGENT = idOf('user-agent');
const UPGRADE = idOf('upgrade');
const DECORATOR = idOf('x-envoy-decorator-operation');

export class Exchange implements RequestSink, SendingOwner, Admitted {
  readonly state: ProxyState;
  readonly tables: ProxyTables;
  readonly place: Place;
  readonly downstream: DownstreamStream;
  readonly request: RequestView;
  readonly editor: HeaderEditor;
  readonly startMs: number;
  readonly method: string;

  path = '';
  authority = '';
  userAgent = '';
  forwarded: Forwarded = { requestId: '', forwardedFor: '', hasDecorator: false };
  isGrpc = false;
  route: Route | undefined = undefined;
  destination: WeightedDestination | undefined = undefined;
  cluster: Cluster | undefined = undefined;
  sending: Sending | undefined = undefined;
  corsHeaders: readonly HeaderPair[] | undefined = undefined;
  responseChanges: readonly HeaderChange[] | undefined = undefined;
  responseHead: Head | undefined = undefined;
  status = 0;
  flags = '';
  details = '';
  upstreamFailure = '';
  deniedBy: string | undefined = undefined;
  answerLines = '';
  responseBytes = 0;
  grpcStatus: number | undefined = undefined;
  isRequestComplete = false;
  isFinished = false;
  check: PendingCheck | undefined = undefined;
  readonly replay = new ReplayBuffer();

  private readonly startMonotonicMs: number;
  private isResponseStarted = false;
  private isHolding = false;
  private awaited: { readonly isEnough: () => boolean; readonly then: () => void } | undefined = undefined;
  private delayTimer: NodeJS.Timeout | undefined = undefined;

  constructor(state: ProxyState, place: Place, downstream: DownstreamStream) {
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
    this.isGrpc = isGrpc(head.value(CONTENT_TYPE));
    if (!isAuthenticated(tables, place)) {
      this.breakOff('NR', 'filter_chain_not_found');
      return;
    }
    const decorator = head.value(DECORATOR);
    this.forwarded = traceRequest(this, forwardHeaders(request, editor, place), decorator);
    if (request.isAbsolute) editor.host = request.authority;
    if (this.method === 'CONNECT' || (isUpgrade(head) && !this.downstream.isUpgrade)) {
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
    this.chooseRoute();
    if (!isLimited(this, true)) admit(this, bytes, start, end);
  }

  /** What the record says of the request as it came. */
  takeNames(): void {
    const { request } = this;
    this.path = request.path;
    this.authority = request.authority;
    this.userAgent = request.head.value(USER_AGENT);
  }

  // ---- stages: route, admit

  chooseRoute(): void {
    const route = routeFor(this.tables, this.place, this.request);
    this.route = route;
    this.destination = undefined;
    this.cluster = undefined;
    if (route?.action.kind !== 'forward') return;
    const { action } = route;
    // No draw where there is no choice.
    this.destination = pickDestination(action, action.destinations.length > 1 ? this.state.random() : 0);
    this.cluster = this.tables.clusters.get(this.destination.cluster);
  }

  onAdmitted(permit: Permit, bytes: Buffer, start: number, end: number): void {
    const { route } = this;
    // Asked before it is known whether there is anything to find.
    if (route === undefined) {
      if (!isLimited(this, false)) this.answer(routeNotFound);
    } else this.delayOrAct(permit, route, bytes, start, end);
  }

  // ---- stage: fault

  private delayOrAct(permit: Permit, route: Route, bytes: Buffer, start: number, end: number): void {
    const { delayMs, abort } = decideFault(route.action.fault, this.state.random);
    if (delayMs === 0) {
      if (abort === undefined) this.act(permit, route, bytes, start, end);
      else this.answer(faultAbort(abort));
      return;
    }
    this.addFlags('DI');
    this.hold(bytes, start, end);
    this.delayTimer = setTimeout(() => {
      if (abort === undefined) this.act(permit, route, noBytes, 0, 0);
      else this.answer(faultAbort(abort));
    }, delayMs);
  }

  private act(permit: Permit, route: Route, bytes: Buffer, start: number, end: number): void {
    const { action } = route;
    if ((action.kind === 'forward' && this.answersPreflight(action)) || isLimited(this, false)) return;
    switch (action.kind) {
      case 'forward':
        this.forward(permit, route, action, bytes, start, end);
        return;
      case 'redirect':
        this.answer(redirected(action.code, redirectLocation(action, this.request)));
        return;
      case 'respond':
        this.answer(directResponse(action.status, action.body));
        return;
    }
  }

  private answersPreflight(action: Forward): boolean {
    const cors = decideCors(action.cors, this.request);
    if (cors.kind === 'preflight') this.answer(corsPreflight(cors.headers));
    if (cors.kind === 'actual') this.corsHeaders = cors.headers;
    return cors.kind === 'preflight';
  }

  private forward(permit: Permit, route: Route, action: Forward, bytes: Buffer, start: number, end: number): void {
    const { cluster, replay } = this;
    if (cluster === undefined) {
      this.answer({ ...clusterNotFound, status: action.missingClusterStatus ?? clusterNotFound.status });
      return;
    }
    const timed = this.isGrpc ? withGrpcTimeout(action, this.request.head) : action;
    const lines = requestLines(this, this.editor, route, timed);
    this.sending = new Sending(this, { permit, action: timed, cluster, lines, replay });
    this.sending.begin(bytes, start, end);
  }

  // ---- the request's body

  onRequestBody(bytes: Buffer, start: number, end: number, isComplete: boolean): void {
    if (this.isFinished) return;
    this.isRequestComplete = isComplete;
    if (this.sending !== undefined) {
      this.sending.onRequestBody(bytes, start, end);
      return;
    }
    this.hold(bytes, start, end);
  }

  hold(bytes: Buffer, start: number, end: number): void {
    this.replay.push(bytes, start, end);
    const { awaited } = this;
    if (awaited === undefined) this.pauseRequest();
    else if (this.isRequestComplete || awaited.isEnough()) {
      this.awaited = undefined;
      awaited.then();
    }
  }

  awaitBody(isEnough: () => boolean, then: () => void): void {
    if (this.isRequestComplete || isEnough()) then();
    else this.awaited = { isEnough, then };
  }

  /** Lets the rest of the request wait on its connection until there is an attempt to take it. */
  pauseRequest(): void {
    if (this.isRequestComplete) return;
    this.isHolding = true;
    this.downstream.pauseRequest();
  }

  release(): void {
    if (!this.isHolding || this.isFinished) return;
    this.isHolding = false;
    this.downstream.resumeRequest();
  }

  // ---- the backend's response

  onUpstreamHead(
    head: Head,
    isBodiless: boolean,
    grpcStatus: number | undefined,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    this.status = head.status;
    this.details = 'via_upstream';
    this.grpcStatus = grpcStatus;
    this.isResponseStarted = true;
    this.responseHead = head;
    const lines = responseLines(this, head);
    this.answerLines = lines;
    this.responseHead = undefined;
    this.responseBytes += end - start;
    return this.downstream.sendHead(
      {
        status: head.status,
        reason: STATUS_CODES[head.status] ?? head.reason,
        lines,
        isBodiless,
        hasLength: head.has(CONTENT_LENGTH),
        isEmpty: head.contentLength === 0,
        isFramed: head.isChunked && !isBodiless && this.downstream.passesChunks,
      },
      bytes,
      start,
      end,
    );
  }

  onUpstreamBody(bytes: Buffer, start: number, end: number): boolean {
    this.responseBytes += end - start;
    return this.downstream.sendBody(bytes, start, end);
  }

  onUpstreamEnd(bodyBytes: number, trailers: string): void {
    this.responseBytes = bodyBytes;
    if (trailers !== '') this.grpcStatus ??= grpcStatusOf(trailers);
    this.finish();
    this.downstream.endBody(trailers);
  }

  breakOff(flag: string, details: string): void {
    this.addFlags(flag);
    this.details = details;
    this.finish();
    this.downstream.abort();
  }

  addFlags(more: string): void {
    if (more === '-' || more === '') return;
    this.flags = this.flags === '' ? more : `${this.flags},${more}`;
  }

  // ---- answers of the proxy itself

  /** Answers without, or in place of, a backend. */
  answer(local: LocalAnswer): void {
    if (this.isFinished || this.isResponseStarted) return;
    this.sending?.cancel();
    if (this.isGrpc) {
      const { answer, grpcStatus } = grpcAnswer(local);
      this.grpcStatus = grpcStatus;
      this.reply(answer);
    } else this.reply(local);
  }

  private reply(local: LocalAnswer): void {
    const { status } = local;
    this.status = status;
    this.addFlags(local.flags);
    this.details = local.details;
    this.upstreamFailure = local.upstreamFailure ?? '';
    this.isResponseStarted = true;
    const body = Buffer.from(local.body, 'utf8');
    const lines = localLines(this, local, body.length);
    this.answerLines = lines;
    const isBodiless = this.method === 'HEAD' || status === 204 || status === 304;
    this.responseBytes = isBodiless ? 0 : body.length;
    const reason = STATUS_CODES[status] ?? 'Unknown';
    const start = { status, reason, lines, isBodiless, hasLength: true, isEmpty: body.length === 0, isFramed: false };
    this.downstream.sendHead(start, body, 0, this.responseBytes);
    this.finish();
    this.downstream.endBody('');
  }

  // ---- flow, and the end

  onDownstreamDrain(): void {
    this.sending?.onDownstreamDrain();
  }

  onDownstreamGone(isReset: boolean): void {
    if (this.isFinished) return;
    this.sending?.cancel();
    this.addFlags(isReset ? 'DR' : 'DC');
    this.details = isReset ? 'http2.remote_reset' : 'downstream_remote_disconnect';
    this.finish();
  }

  // ---- stage: record

  private finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    if (this.delayTimer !== undefined) clearTimeout(this.delayTimer);
    this.check?.cancel();
    this.sending?.close();
    this.state.onRecord(recordOf(this));
  }
}

const grpcStatusOf = (trailers: string): number | undefined => {
  const status = /^grpc-status:[ \t]*(\d+)/m.exec(trailers)?.[1];
  return status === undefined ? undefined : Number(status);
};

/** A client may offer to go on in cleartext HTTP/2; Envoy declines by not mentioning it. */
const isUpgrade = (head: Head): boolean => head.isUpgrade && head.value(UPGRADE).toLowerCase() !== 'h2c';

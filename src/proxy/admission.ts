/**
 * What a request must pass before anything may be sent on for it: its token, the policies, and the authorizer that
 * a CUSTOM policy names. Functions of the exchange, so that a request that none of this concerns costs nothing.
 *
 *   authenticate > authorize > ask > authorize
 */
import type { TokenDecision } from '../traffic/authenticate.ts';
import { describeDenial, describeOrigin, type Permit, type Question } from '../traffic/authorize.ts';
import { type CheckOutcome, changeQuery, type HeaderChange, PARTIAL_BODY } from '../traffic/authorizer.ts';
import { authorizeRequest, denialDetails } from './authorization.ts';
import { askAuthorizer, type PendingCheck } from './authorizer/ask-authorizer.ts';
import type { CheckedRequest } from './authorizer/check-messages.ts';
import type { ExchangeView } from './exchange-view.ts';
import { ChunkedScanner } from './http1/chunked.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import type { RequestView } from './http1/request-view.ts';
import { applyTokenHeaders, authenticateRequest } from './jwt/authenticate-request.ts';
import { authorizationDenied, checkRefused, type LocalAnswer, payloadTooLarge, tokenRefused } from './local-answer.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import { noBytes } from './stream.ts';
import { headerLines } from './upstream/call.ts';

/** The exchange, as these stages know it. */
export interface Admitted extends ExchangeView {
  readonly request: RequestView;
  readonly editor: HeaderEditor;
  readonly replay: ReplayBuffer;
  readonly isRequestComplete: boolean;
  readonly isFinished: boolean;
  path: string;
  deniedBy: string | undefined;
  responseChanges: readonly HeaderChange[] | undefined;
  /** Under way; the exchange gives it up when it ends. */
  check: PendingCheck | undefined;
  /** Claims of a token may choose another route. */
  chooseRoute(): void;
  /** Keeps bytes of the body and lets the rest wait until there is somebody to take it. */
  hold(bytes: Buffer, start: number, end: number): void;
  /** Calls back when enough of the body is kept, or all of it. */
  awaitBody(isEnough: () => boolean, then: () => void): void;
  answer(local: LocalAnswer): void;
  /** The bytes of the body that are not kept. */
  onAdmitted(permit: Permit, bytes: Buffer, start: number, end: number): void;
}

/** Envoy cuts what it repeats of the request's path. */
const MAX_REALM_PATH = 256;

/** Begins the stages with the bytes of the body that came with the head. */
export const admit = (exchange: Admitted, bytes: Buffer, start: number, end: number): void => {
  const { state, tables, place, request } = exchange;
  const decision = authenticateRequest(state, tables, place, request);
  if (decision === undefined) authorize(exchange, false, bytes, start, end);
  else if (!(decision instanceof Promise)) onAuthenticated(exchange, decision, bytes, start, end);
  else {
    exchange.hold(bytes, start, end);
    void decision.then((settled) => {
      if (!exchange.isFinished) onAuthenticated(exchange, settled, noBytes, 0, 0);
    });
  }
};

const onAuthenticated = (
  exchange: Admitted,
  decision: TokenDecision,
  bytes: Buffer,
  start: number,
  end: number,
): void => {
  const { request, place } = exchange;
  if (decision.kind === 'refuse') {
    const target = `${request.scheme}://${request.authority}${request.path.slice(0, MAX_REALM_PATH)}`;
    exchange.deniedBy = describeOrigin(decision.by);
    exchange.answer(tokenRefused(decision.status, decision.message, target));
    return;
  }
  applyTokenHeaders(decision, exchange.editor);
  request.path = decision.changes.path;
  exchange.path = request.path;
  request.claims = decision.claims;
  // At gateways claims choose routes.
  if (place.direction === 'gateway' && decision.claims !== undefined) exchange.chooseRoute();
  authorize(exchange, false, bytes, start, end);
};

const authorize = (exchange: Admitted, isChecked: boolean, bytes: Buffer, start: number, end: number): void => {
  const decision = authorizeRequest(exchange.tables, exchange.place, exchange, isChecked);
  switch (decision.kind) {
    case 'allow':
      exchange.onAdmitted(decision.permit, bytes, start, end);
      return;
    case 'deny':
      exchange.deniedBy = describeDenial(decision);
      exchange.answer(authorizationDenied(denialDetails(decision)));
      return;
    case 'ask':
      ask(exchange, decision, bytes, start, end);
      return;
  }
};

/** With the body, as far as the authorizer wants to see it. */
const ask = (exchange: Admitted, question: Question, bytes: Buffer, start: number, end: number): void => {
  const { body } = question.authorizer;
  const isBodiless = exchange.isRequestComplete && start === end && exchange.replay.isEmpty;
  if (body === undefined || isBodiless || exchange.downstream.isUpgrade) {
    exchange.hold(bytes, start, end);
    send(exchange, question, checkedRequest(exchange));
    return;
  }
  exchange.replay.push(bytes, start, end);
  const { maxBytes, asBytes } = body;
  // Framing only makes it longer.
  const isEnough = (): boolean => exchange.replay.size > maxBytes && keptBody(exchange).length > maxBytes;
  exchange.awaitBody(isEnough, () => {
    exchange.hold(noBytes, 0, 0);
    const kept = keptBody(exchange);
    const isPart = kept.length > maxBytes;
    if (isPart && !body.allowsPart) {
      exchange.answer(payloadTooLarge);
      return;
    }
    const { headers, ...request } = checkedRequest(exchange);
    const seen = { bytes: kept.subarray(0, maxBytes), asBytes };
    send(exchange, question, { ...request, headers: [...headers, [PARTIAL_BODY, String(isPart)]], body: seen });
  });
};

/** What is kept of the body, without the framing that it may have come in. */
const keptBody = ({ replay, request, downstream }: Admitted): Buffer => {
  const kept = Buffer.concat(replay.pieces);
  if (!request.head.isChunked || !downstream.framesBody) return kept;
  const scanner = new ChunkedScanner();
  scanner.reset(false);
  scanner.scan(kept, 0, kept.length);
  const data: Buffer[] = [];
  for (let at = 0; at + 1 < scanner.ranges.length; at += 2) {
    data.push(kept.subarray(scanner.ranges[at], scanner.ranges[at + 1]));
  }
  return Buffer.concat(data);
};

const send = (exchange: Admitted, question: Question, request: CheckedRequest): void => {
  const { state, tables, place } = exchange;
  const check = askAuthorizer({ state, tables, place, question, request });
  exchange.check = check;
  void check.outcome.then((outcome) => {
    exchange.check = undefined;
    if (!exchange.isFinished) onChecked(exchange, question, outcome);
  });
};

const onChecked = (exchange: Admitted, question: Question, outcome: CheckOutcome): void => {
  if (outcome.kind === 'deny') {
    exchange.deniedBy = `provider ${question.authorizer.name} for ${describeOrigin(question.by)}`;
    exchange.answer(checkRefused(outcome));
    return;
  }
  const { request, editor } = exchange;
  for (const change of outcome.toBackend) {
    if (change.name === ':path') request.path = change.value;
    else editor.change(change);
  }
  for (const name of outcome.remove) editor.remove(name);
  request.path = changeQuery(request.path, outcome.query);
  exchange.path = request.path;
  exchange.responseChanges = outcome.toClient;
  authorize(exchange, true, noBytes, 0, 0);
};

const checkedRequest = (exchange: Admitted): CheckedRequest => {
  const { request, editor, downstream, forwarded, startMs } = exchange;
  const { method, path, authority, scheme } = request;
  const headers = new Map([
    [':authority', authority],
    [':method', method],
    [':path', path],
    [':scheme', scheme],
  ]);
  for (const [name, value] of headerLines(editor.lines())) {
    if (name === 'host' || name === PARTIAL_BODY) continue;
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known},${value}`);
  }
  return {
    id: forwarded.requestId,
    method,
    headers: [...headers],
    path,
    host: authority,
    scheme,
    protocol: downstream.protocol,
    timeMs: startMs,
    size: downstream.requestBytes,
  };
};

/** Puts to an authorizer what it is to decide about, and reads what it says. */
import type { Question } from '../../traffic/authorize.ts';
import {
  type Authorizer,
  type CheckOutcome,
  checkLines,
  type HeaderLine,
  NO_ANSWER,
  outcomeOf,
  readHttpReply,
  type Verdict,
} from '../../traffic/authorizer.ts';
import type { ProxyTables } from '../../traffic/tables.ts';
import { headText } from '../http1/header-editor.ts';
import type { Place } from '../place.ts';
import type { ProxyState } from '../proxy-state.ts';
import { type Call, type CallReply, call, headerLines } from '../upstream/call.ts';
import { type CheckedRequest, decodeCheckResponse, encodeCheckRequest } from './check-messages.ts';

/** Who is asked, by whom, and about what; without `request` about a connection that carries no HTTP. */
export interface Check {
  readonly state: ProxyState;
  readonly tables: ProxyTables;
  readonly place: Place;
  readonly question: Question;
  readonly request?: CheckedRequest;
}

/** A check under way. */
export interface PendingCheck {
  readonly outcome: Promise<CheckOutcome>;
  /** Nobody waits for the outcome any more. */
  cancel(): void;
}

/** Asks. Whatever goes wrong on the way is no answer, and then the provider's configuration decides. */
export const askAuthorizer = (check: Check): PendingCheck => {
  const { authorizer } = check.question;
  const started = authorizer.protocol === 'http' ? callHttp(check) : callGrpc(check);
  if (started === undefined) return { outcome: Promise.resolve(outcomeOf(authorizer, NO_ANSWER)), cancel: () => {} };
  const read = authorizer.protocol === 'http' ? readHttp : readGrpc;
  const outcome = started.reply.then((reply) =>
    outcomeOf(authorizer, reply === undefined ? NO_ANSWER : read(authorizer, reply)),
  );
  return { outcome, cancel: () => started.cancel() };
};

const callHttp = ({ state, tables, place, question, request }: Check): Call | undefined => {
  const { authorizer, permit } = question;
  const cluster = tables.clusters.get(authorizer.cluster);
  if (cluster === undefined || request === undefined) return undefined;
  const body = request.body?.bytes ?? Buffer.alloc(0);
  const values = new Map(request.headers);
  const names = [...values.keys()].filter((name) => !name.startsWith(':') && name !== 'content-length');
  const shown = checkLines(authorizer, names, (name) => [values.get(name) ?? '']);
  const target = `${authorizer.http?.pathPrefix ?? ''}${request.path}`;
  const head = requestHead(request.method, target, request.host, body.length, authorizer, shown);
  const { timeoutMs } = authorizer;
  return call(state, place, {
    permit,
    cluster,
    isHttp2: cluster.http === 'http2',
    method: request.method,
    head,
    body,
    timeoutMs,
  });
};

const METHOD = '/envoy.service.auth.v3.Authorization/Check';

const callGrpc = ({ state, tables, place, question, request }: Check): Call | undefined => {
  const { authorizer, permit } = question;
  const cluster = tables.clusters.get(authorizer.cluster);
  if (cluster === undefined) return undefined;
  const { remoteAddress, remotePort, address, port, tls } = place;
  const message = encodeCheckRequest({
    source: { address: remoteAddress, port: remotePort, principal: tls?.peerPrincipal ?? '' },
    destination: { address, port, principal: tls?.localPrincipal ?? '' },
    ...(request === undefined ? {} : { request }),
  });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const body = Buffer.concat([prefix, message]);
  const head = requestHead('POST', METHOD, authorizer.host, body.length, authorizer, [
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]);
  const { timeoutMs } = authorizer;
  // To a port that is declared as HTTP/1.1 the question goes in HTTP/1.1, as Envoy has it, and finds no answer.
  return call(state, place, {
    permit,
    cluster,
    isHttp2: cluster.http !== undefined,
    method: 'POST',
    head,
    body,
    timeoutMs,
  });
};

const requestHead = (
  method: string,
  target: string,
  host: string,
  bodyBytes: number,
  { timeoutMs }: Authorizer,
  lines: readonly HeaderLine[],
): string => {
  const own: readonly HeaderLine[] = [
    ['host', host],
    ['content-length', String(bodyBytes)],
    ['x-envoy-internal', 'true'],
    ...(timeoutMs === 0 ? [] : [['x-envoy-expected-rq-timeout-ms', String(timeoutMs)] as const]),
  ];
  // Paths and headers of the configuration are text that nobody has checked for line ends.
  const text = [...own, ...lines].map(([name, value]) => `${headText(name)}: ${headText(value)}\r\n`).join('');
  return `${method} ${headText(target)} HTTP/1.1\r\n${text}\r\n`;
};

const readHttp = (authorizer: Authorizer, { status, lines, body }: CallReply): Verdict =>
  readHttpReply(authorizer, { status, lines, body: body.toString('utf8') });

/** One message with status 0 is an answer, whatever it says. */
const readGrpc = (_: Authorizer, { status, lines, body, trailers }: CallReply): Verdict => {
  const ended = [...headerLines(trailers), ...lines].find(([name]) => name === 'grpc-status')?.[1];
  const isMessage = body.length >= 5 && body[0] === 0 && body.readUInt32BE(1) === body.length - 5;
  if (status !== 200 || ended !== '0' || !isMessage) return NO_ANSWER;
  return decodeCheckResponse(body.subarray(5)) ?? NO_ANSWER;
};

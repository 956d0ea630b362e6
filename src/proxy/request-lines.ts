/** The request as it goes on: rewritten target, and header lines with the route's operations applied. */

import { grpcTimeoutMs, writeGrpcTimeout } from '../traffic/grpc.ts';
import { expandOperators } from '../traffic/header-operators.ts';
import { applyHeaderOperations } from '../traffic/headers.ts';
import { rewritePath } from '../traffic/rewrite.ts';
import type { Route, RouteAction } from '../traffic/tables.ts';
import { operatorsOf } from './exchange-operators.ts';
import type { ExchangeView } from './exchange-view.ts';
import type { Head } from './http1/head.ts';
import { type HeaderEditor, headText } from './http1/header-editor.ts';
import { idOf } from './http1/header-names.ts';

export type Forward = Extract<RouteAction, { readonly kind: 'forward' }>;

export interface RequestLines {
  readonly target: string;
  /** Every header line but the ones that change from attempt to attempt. */
  readonly lines: string;
}

const HOST = idOf('host');

/** Composed once for all attempts and mirrors of an exchange. */
export const requestLines = (
  exchange: ExchangeView,
  editor: HeaderEditor,
  route: Route,
  action: Forward,
): RequestLines => {
  const { place, destination } = exchange;
  const { request } = exchange.downstream;
  const { rewrite } = action;
  let target = request.path;
  if (rewrite !== undefined) {
    target = rewritePath(rewrite, request.path);
    if (rewrite.path !== undefined) editor.set('x-envoy-original-path', request.path);
    if (rewrite.authority !== undefined) editor.host = headText(rewrite.authority);
  }
  const expectedMs = expectedTimeoutMs(action);
  if (exchange.isGrpc && expectedMs > 0) editor.set('grpc-timeout', writeGrpcTimeout(expectedMs));
  if (place.direction !== 'inbound') {
    if (route.operation !== '') editor.append('x-envoy-decorator-operation', headText(route.operation));
    if (expectedMs > 0) editor.append('x-envoy-expected-rq-timeout-ms', String(expectedMs));
  }
  if (destination?.requestHeaders !== undefined || route.requestHeaders !== undefined) {
    applyHeaderOperations([destination?.requestHeaders, route.requestHeaders], editor, (template) =>
      expandOperators(template, operatorsOf(exchange)),
    );
  }
  const { head } = request;
  const { host } = editor;
  let first = '';
  if (host !== undefined) {
    if (host !== exchange.authority) editor.set('x-envoy-original-host', exchange.authority);
    head.dropKnown(HOST);
    first = `host: ${host}\r\n`;
  }
  let framing = head.isChunked ? 'transfer-encoding: chunked\r\n' : '';
  if (exchange.downstream.isUpgrade) framing = 'connection: Upgrade\r\nupgrade: websocket\r\n';
  return { target: headText(target), lines: first + editor.lines() + framing };
};

/** The caller may allow less time than the route. */
export const withGrpcTimeout = (action: Forward, head: Head): Forward => {
  const [header] = head.values('grpc-timeout');
  return header === undefined ? action : { ...action, timeoutMs: grpcTimeoutMs(action.timeoutMs, header) };
};

/** x-envoy-expected-rq-timeout-ms: the time of one try where that is the shorter one; 0 = none. */
const expectedTimeoutMs = ({ timeoutMs, retry }: Forward): number => {
  const perTryMs = retry?.perTryTimeoutMs ?? 0;
  return perTryMs > 0 && (timeoutMs === 0 || perTryMs < timeoutMs) ? perTryMs : timeoutMs;
};

/** The header lines of responses: a backend's with what Envoy adds, and those of the proxy's own answers. */

import { expandOperators } from '../traffic/header-operators.ts';
import { applyHeaderOperations } from '../traffic/headers.ts';
import { operatorsOf } from './exchange-operators.ts';
import type { ExchangeView } from './exchange-view.ts';
import type { Head } from './http1/head.ts';
import { HeaderEditor, headText } from './http1/header-editor.ts';
import { idOf } from './http1/header-names.ts';
import { httpDate } from './http1/http-date.ts';
import type { LocalAnswer } from './local-answer.ts';

const SERVER = idOf('server');
const DATE = idOf('date');
const SERVICE_TIME = idOf('x-envoy-upstream-service-time');
const DECORATOR = idOf('x-envoy-decorator-operation');

const NO_COOKIES: readonly string[] = [];

/** The lines of a backend's response on its way to the client. */
export const responseLines = (exchange: ExchangeView, head: Head): string => {
  const { route, destination } = exchange;
  head.dropKnown(SERVER);
  head.dropKnown(SERVICE_TIME);
  head.dropKnown(DECORATOR);
  const hasOperations = destination?.responseHeaders !== undefined || route?.responseHeaders !== undefined;
  const hasChanges = exchange.corsHeaders !== undefined || exchange.responseChanges !== undefined;
  let lines: string;
  if (hasOperations || hasChanges) {
    const editor = new HeaderEditor(head);
    applyOperations(exchange, editor);
    applyChanges(exchange, editor);
    lines = editor.lines();
  } else lines = head.keptLines();
  if (!head.has(DATE)) lines += `date: ${httpDate(exchange.startMs)}\r\n`;
  for (const cookie of exchange.sending?.cookies ?? NO_COOKIES) lines += `set-cookie: ${cookie}\r\n`;
  return `${lines}server: ${serverName(exchange)}\r\nx-envoy-upstream-service-time: ${exchange.sending?.serviceTimeMs ?? 0}\r\n${decoratorLine(exchange)}`;
};

/** The lines of an answer of the proxy itself. `bodyBytes` is what Content-Length says. */
export const localLines = (exchange: ExchangeView, local: LocalAnswer, bodyBytes: number): string => {
  const editor = new HeaderEditor(undefined);
  // RFC 9110 8.6: a 204 has no length to tell.
  if (local.status !== 204) editor.append('content-length', String(bodyBytes));
  if (bodyBytes > 0) editor.append('content-type', 'text/plain');
  for (const [name] of local.headers ?? []) editor.remove(name);
  for (const [name, value] of local.headers ?? []) editor.add(name, value);
  if (exchange.route !== undefined) applyOperations(exchange, editor);
  applyChanges(exchange, editor);
  editor.append('date', httpDate(exchange.startMs));
  editor.append('server', serverName(exchange));
  return editor.lines() + decoratorLine(exchange);
};

const applyOperations = (exchange: ExchangeView, editor: HeaderEditor): void => {
  const { destination, route } = exchange;
  for (const [name, value] of exchange.corsHeaders ?? []) editor.set(name, value);
  applyHeaderOperations([destination?.responseHeaders, route?.responseHeaders], editor, (template) =>
    expandOperators(template, operatorsOf(exchange)),
  );
};

const applyChanges = ({ responseChanges }: ExchangeView, editor: HeaderEditor): void => {
  for (const change of responseChanges ?? []) editor.change(change);
};

/** A sidecar tells the operation to a client that is no proxy of the mesh, which would have told it itself. */
const decoratorLine = ({ place, forwarded, route }: ExchangeView): string => {
  const operation = route?.operation ?? '';
  if (place.direction !== 'inbound' || forwarded.hasDecorator || operation === '') return '';
  return `x-envoy-decorator-operation: ${headText(operation)}\r\n`;
};

const serverName = ({ place }: ExchangeView): string => (place.direction === 'outbound' ? 'envoy' : 'istio-envoy');

import type { Problem } from '../base/problem.ts';
import { findOperator, needsHeaders, type Operator, type OperatorValue } from './access-log-operators.ts';
import type { AccessRecord } from './access-record.ts';

// Istio's default formats, field for field (its documentation of the access log).
const defaultText =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

const defaultJson = JSON.stringify({
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
});

type Part = string | Operator;

// Cc: C0, DEL and C1. Cs: lone surrogates, which JSON.stringify makes well-formed.
const unprintable = /[\p{Cc}\u2028\u2029]/gu;
const needsJsonEscape = /[\p{Cc}\p{Cs}\u2028\u2029"\\]/u;

/**
 * Text in which nothing can end a line or drive a terminal: control characters (C0, C1, and Unicode's line separators)
 * print as `\n`, `\u001b`, ...; values of requests are not to be trusted.
 */
export const escapeControls = (text: string): string =>
  text.search(unprintable) < 0 ? text : text.replace(unprintable, escapeOne);

const escapeOne = (char: string): string => {
  const short = ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' } as const)[char];
  return short ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
};

const printText = (value: OperatorValue): string =>
  value === undefined ? '-' : typeof value === 'number' ? String(value) : escapeControls(value);

const quote = (text: string): string =>
  needsJsonEscape.test(text) ? escapeControls(JSON.stringify(text)) : `"${text}"`;

const printTextOrNothing = (value: OperatorValue): string => (value === undefined ? '' : printText(value));

/** Fields without a value, at any depth, are left out. */
const withoutNulls = (line: string): string =>
  escapeControls(
    JSON.stringify(JSON.parse(line, (_key, value: unknown) => (value === null ? undefined : value)) as unknown),
  );

const printJson = (value: OperatorValue): string =>
  value === undefined ? 'null' : typeof value === 'number' ? String(value) : quote(value);

const truncate =
  (operator: Operator, length: number): Operator =>
  (record) => {
    const value = operator(record);
    return typeof value === 'string' ? value.slice(0, length) : value;
  };

/** `%NAME%`, `%NAME(argument)%`, `%NAME(argument):length%`, or `%%`. */
const command = /%(?:%|([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%)/y;

const unsupported = (whole: string): Problem => ({
  severity: 'warning',
  code: 'ACCESS_LOG_OPERATOR',
  message: `access log operator ${whole} is not supported and prints "-"`,
});

const malformed = (format: string, at: number): Problem => ({
  severity: 'error',
  code: 'ACCESS_LOG_FORMAT',
  message: `access log format has no valid operator at "${escapeControls(format.slice(at, at + 20))}"`,
  hint: 'write a literal percent sign as %%',
});

const compileText = (format: string, problems: Map<string, Problem>): readonly Part[] => {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf('%', at);
    literal += format.slice(at, percent < 0 ? undefined : percent);
    if (percent < 0) break;
    command.lastIndex = percent;
    const match = command.exec(format);
    at = match === null ? percent + 1 : command.lastIndex;
    if (match === null || match[0] === '%%') {
      if (match === null) problems.set(`at ${percent}`, malformed(format, percent));
      literal += '%';
      continue;
    }
    const [whole, name = '', argument = '', length] = match;
    const operator = findOperator(name, argument);
    if (operator === undefined) problems.set(whole, unsupported(whole));
    parts.push(
      literal,
      length === undefined || operator === undefined ? (operator ?? absent) : truncate(operator, Number(length)),
    );
    literal = '';
  }
  return [...parts, literal].filter((part) => part !== '');
};

const absent: Operator = () => undefined;

const join =
  (parts: readonly Part[], print: (value: OperatorValue) => string): ((record: AccessRecord) => string) =>
  (record) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : print(part(record));
    return line;
  };

/** A value that is one operator keeps its type; mixed text is a string; anything else of JSON stays as written. */
const compileJsonValue = (value: unknown, problems: Map<string, Problem>): readonly Part[] => {
  if (typeof value === 'string') {
    const parts = compileText(value, problems);
    if (parts.every((part) => typeof part === 'string')) return [JSON.stringify(parts.join(''))];
    return parts.length === 1 ? parts : [join(parts, (part) => String(part ?? '-'))];
  }
  if (Array.isArray(value))
    return listParts(
      '[',
      value.map((item) => compileJsonValue(item, problems)),
      ']',
    );
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, item]) => [
      `${JSON.stringify(key)}:`,
      ...compileJsonValue(item, problems),
    ]);
    return listParts('{', fields, '}');
  }
  return [JSON.stringify(value)];
};

const listParts = (open: string, items: readonly (readonly Part[])[], close: string): readonly Part[] => [
  open,
  ...items.flatMap((item, i) => (i === 0 ? item : [',', ...item])),
  close,
];

const parseObject = (text: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export interface AccessLogFormat {
  readonly encoding: 'TEXT' | 'JSON';
  /** Envoy's command operators, or for JSON the text of an object of them; empty = Istio's default. */
  readonly format: string;
  /** Absent values print as nothing, and fields of JSON that have none are left out (`omitEmptyValues`). */
  readonly omitsEmpty?: boolean;
}

export interface AccessLog {
  /** One line, with its line feed, that holds no other line feed whatever the record contains. */
  format(record: AccessRecord): string;
  /** Operators that cannot be served (once each) and places where the format is malformed. */
  readonly problems: readonly Problem[];
  /** Its lines have headers that records keep on demand only. */
  readonly usesHeaders: boolean;
}

/** Whether a text, or a string anywhere in an object of JSON, has an operator for a header kept on demand. */
const asksForHeaders = (format: string): boolean =>
  [...format.matchAll(/%(REQ|RESP)\(([^)]*)\)/g)].some(([, name = '', argument = '']) => needsHeaders(name, argument));

/**
 * Compiles a log format once. A malformed one still formats: text prints what is not an operator as it stands, and
 * JSON that is no object falls back to Istio's default.
 */
export const compileAccessLog = ({ encoding, format, omitsEmpty = false }: AccessLogFormat): AccessLog => {
  const problems = new Map<string, Problem>();
  if (encoding === 'TEXT') {
    // A format may say its own line end; line feeds inside it would make several lines of one request.
    const line = (format || defaultText).replace(/\n+$/, '').replaceAll('\n', ' ');
    const print = join(compileText(line, problems), omitsEmpty ? printTextOrNothing : printText);
    return {
      format: (record) => `${print(record)}\n`,
      problems: [...problems.values()],
      usesHeaders: asksForHeaders(line),
    };
  }
  const object = parseObject(format || defaultJson);
  if (object === undefined) {
    const message = 'the JSON access log format is not a JSON object';
    problems.set('json', { severity: 'error', code: 'ACCESS_LOG_FORMAT', message });
  }
  const print = join(compileJsonValue(object ?? parseObject(defaultJson), problems), printJson);
  return {
    format: (record) => `${omitsEmpty ? withoutNulls(print(record)) : print(record)}\n`,
    problems: [...problems.values()],
    usesHeaders: asksForHeaders(format),
  };
};

import type { CaseRequest } from './case-files.ts';

/** The header the backends' hits are counted by; masked in results. */
export const idHeader = 'x-echo-id';

/** The bytes of a request exactly as the case wants them: nothing normalized, a value with line feeds on several lines. */
export const writeRequest = (request: CaseRequest, id: string): Buffer => {
  const headers = Object.entries(request.headers ?? {});
  const isFramed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const isNamed = headers.some(([name]) => /^host$/i.test(name));
  const body = request.body ?? '';
  const lines = [
    `${request.method ?? 'GET'} ${request.path} HTTP/1.${request.http10 === true ? 0 : 1}`,
    ...(request.host === '' || isNamed ? [] : [`host: ${request.host}`]),
    ...(headers.some(([name]) => /^user-agent$/i.test(name)) ? [] : ['user-agent: oracle']),
    `${idHeader}: ${id}`,
    ...headers.flatMap(([name, value]) => value.split('\n').map((line) => `${name}: ${line}`)),
    ...(body === '' || isFramed ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
};

interface WireResponse {
  readonly status: number;
  /** Lower-case names; repeated ones joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the bytes so far amount to: a whole response, or more are needed. */
export type Reading = { readonly kind: 'complete'; readonly response: WireResponse } | { readonly kind: 'more' };

const more: Reading = { kind: 'more' };

const dechunk = (bytes: Buffer): Buffer | undefined => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (size === 0) {
      const isEnded = bytes.toString('latin1', start, start + 2) === '\r\n' || bytes.includes('\r\n\r\n', lineEnd);
      return isEnded ? Buffer.concat(parts) : undefined;
    }
    if (!(start + size + 2 <= bytes.length)) return undefined;
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
};

const readHeaders = (lines: readonly string[]): Readonly<Record<string, string>> => {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    const known = headers.get(key);
    headers.set(key, known === undefined ? value : `${known},${value}`);
  }
  return Object.fromEntries(headers);
};

/** Reads one response; `isEnded` tells that no more bytes will come, which ends a body without length. */
export const readResponse = (bytes: Buffer, method: string, isEnded: boolean): Reading => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return more;
  const [statusLine = '', ...lines] = bytes.toString('utf8', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const rest = bytes.subarray(headEnd + 4);
  if (status >= 100 && status < 200 && status !== 101) return readResponse(rest, method, isEnded);
  const headers = readHeaders(lines);
  const complete = (body: Buffer): Reading => ({
    kind: 'complete',
    response: { status, headers, body: body.toString('utf8') },
  });
  if (method === 'HEAD' || status === 204 || status === 304) return complete(Buffer.alloc(0));
  if (headers['transfer-encoding'] !== undefined) {
    const body = dechunk(rest);
    return body === undefined ? more : complete(body);
  }
  const length = headers['content-length'];
  if (length !== undefined) return rest.length < Number(length) ? more : complete(rest.subarray(0, Number(length)));
  return isEnded ? complete(rest) : more;
};

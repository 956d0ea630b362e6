import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** One request as access rules see it. */
export interface ApiRequest {
  readonly method: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`; the method in lower case where it is no object's. */
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly group: string;
  /** With a subresource: `pods/log`; empty for what is no object. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly headers: IncomingMessage['headers'];
  /** The name of the certificate the client showed. */
  readonly peer: string | undefined;
  /** The JSON of the body; undefined where it has none. */
  readonly body: unknown;
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Takes a request apart. */
export const readRequest = (request: IncomingMessage, body: unknown): ApiRequest => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const method = request.method ?? 'GET';
  const [, root, ...steps] = pathname.split('/').map(decodeURIComponent);
  const group = root === 'apis' ? (steps.shift() ?? '') : '';
  const version = steps.shift();
  const isWithin = steps[0] === 'namespaces' && steps.length > 2;
  const namespace = isWithin ? steps[1] : undefined;
  const [resource = '', name, subresource] = isWithin ? steps.slice(2) : steps;
  const isObject = version !== undefined && resource !== '';
  const reading = name !== undefined ? 'get' : searchParams.get('watch') === 'true' ? 'watch' : 'list';
  return {
    method,
    verb: isObject ? (VERBS[method] ?? reading) : method.toLowerCase(),
    path: pathname,
    query: searchParams,
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    headers: request.headers,
    peer: request.socket instanceof TLSSocket ? [request.socket.getPeerCertificate().subject?.CN].flat()[0] : undefined,
    body,
  };
};

/** The JSON of a request's body; undefined where it has none. */
export const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

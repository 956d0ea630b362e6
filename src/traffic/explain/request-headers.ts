import { EDGE_HEADERS, INTERNAL_HEADERS, schemeOf } from '../forwarded.ts';
import { isGrpc } from '../grpc.ts';
import type { MutableHeaders } from '../headers.ts';
import type { RequestHead } from '../request.ts';
import type { Claims } from '../token-rules.ts';

/** A request on its way through proxies; every proxy works on a copy of its own. */
export class TravellingRequest implements RequestHead, MutableHeaders {
  readonly method: string;
  path: string;
  authority: string;
  scheme = 'http';
  /** Of its token, at the proxy that verified it. */
  claims: Claims | undefined = undefined;
  readonly #lines: Map<string, readonly string[]>;

  constructor(
    method: string,
    authority: string,
    path: string,
    lines: Iterable<readonly [name: string, values: readonly string[]]>,
  ) {
    this.method = method;
    this.authority = authority;
    this.path = path;
    this.#lines = new Map(lines);
  }

  copy(): TravellingRequest {
    const copy = new TravellingRequest(this.method, this.authority, this.path, this.#lines);
    copy.scheme = this.scheme;
    return copy;
  }

  headerValues(name: string): readonly string[] {
    return this.#lines.get(name) ?? [];
  }

  get isGrpc(): boolean {
    return isGrpc(this.headerValues('content-type')[0] ?? '');
  }

  set(name: string, value: string): void {
    if (name === 'host') this.authority = value;
    else this.#lines.set(name, [value]);
  }

  add(name: string, value: string): void {
    this.#lines.set(name, [...this.headerValues(name), value]);
  }

  remove(name: string): void {
    this.#lines.delete(name);
  }
}

/** Groups header lines by name, in order. */
export const groupLines = (
  lines: readonly (readonly [name: string, value: string])[],
): ReadonlyMap<string, readonly string[]> => {
  const grouped = new Map<string, readonly string[]>();
  for (const [name, value] of lines) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return grouped;
};

/** Drops what a proxy does not believe, and adds what every request of the mesh carries (proxy/forwarded-headers.ts). */
export const takeOver = (request: TravellingRequest, isGateway: boolean, isTls: boolean, peer: string): void => {
  for (const name of INTERNAL_HEADERS) request.remove(name);
  if (isGateway) for (const name of EDGE_HEADERS) request.remove(name);
  request.scheme = schemeOf(isGateway, isTls, request.headerValues('x-forwarded-proto')[0] ?? '');
  request.set('x-forwarded-proto', request.scheme);
  request.remove('x-envoy-decorator-operation');
  if (!isGateway) return;
  const given = request.headerValues('x-forwarded-for').join(',');
  request.set('x-forwarded-for', given === '' ? peer : `${given},${peer}`);
  request.set('x-envoy-external-address', peer);
  request.remove('x-forwarded-client-cert');
};

/** What gRPC adds to a request, as Envoy sees it. */

const CONTENT_TYPE = 'application/grpc';

/** By its content type; `application/grpc-web` is none. */
export const isGrpc = (contentType: string): boolean =>
  contentType.startsWith(CONTENT_TYPE) &&
  (contentType.length === CONTENT_TYPE.length || contentType[CONTENT_TYPE.length] === '+');

const STATUS_OF_HTTP: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
]);

/** The status of gRPC for one of HTTP, as Envoy translates; 2 (UNKNOWN) for all others. */
export const grpcStatusOfHttp = (status: number): number => STATUS_OF_HTTP.get(status) ?? 2;

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);

/** Milliseconds a `grpc-timeout` header asks for, rounded up; undefined when it is none. */
const parseGrpcTimeout = (text: string): number | undefined => {
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const factor = MS_PER_UNIT.get(unit);
  return factor === undefined ? undefined : Math.ceil(Number(digits) * factor);
};

/** The time limit of a gRPC request: the caller's, of which the route allows at most its own. 0 = none, for both. */
export const grpcTimeoutMs = (routeMs: number, header: string): number => {
  const asked = parseGrpcTimeout(header) ?? 0;
  return asked === 0 || (routeMs > 0 && routeMs < asked) ? routeMs : asked;
};

/** A time limit as the header writes it; eight digits are the most it has room for. */
export const writeGrpcTimeout = (ms: number): string => (ms < 1e8 ? `${ms}m` : `${Math.floor(ms / 1_000)}S`);

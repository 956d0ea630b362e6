import { LOWER } from './characters.ts';

/** Headers the engine itself reads; everything else is carried along unseen. The position is the header's id. */
const NAMES = [
  '',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-client-cert',
  'user-agent',
  'content-type',
  'server',
  'date',
  'grpc-status',
  'x-envoy-upstream-service-time',
  'x-envoy-decorator-operation',
  'x-envoy-attempt-count',
  'x-envoy-external-address',
  'x-envoy-internal',
  'x-envoy-original-path',
  'x-envoy-original-host',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
  'proxy-authenticate',
  'proxy-authorization',
] as const;

export type KnownName = (typeof NAMES)[number];

/** Number of ids; 0 stands for any header not known by name. */
export const KNOWN_NAMES = NAMES.length;

/** The id of a known name (lower case). */
export const idOf = (name: Exclude<KnownName, ''>): number => NAMES.indexOf(name);

interface Candidate {
  readonly bytes: Uint8Array;
  readonly id: number;
}

const BY_LENGTH: readonly (readonly Candidate[])[] = Array.from({ length: 64 }, (_, length) =>
  NAMES.flatMap((name, id) => (id > 0 && name.length === length ? [{ bytes: Buffer.from(name, 'latin1'), id }] : [])),
);

/** The id of the name at `bytes[start..end)`, whatever its case; 0 when it is none of the known ones. */
export const identify = (bytes: Uint8Array, start: number, end: number): number => {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return 0;
  for (const candidate of candidates) {
    const name = candidate.bytes;
    let at = name.length - 1;
    while (at >= 0 && LOWER[bytes[start + at] ?? 0] === name[at]) at -= 1;
    if (at < 0) return candidate.id;
  }
  return 0;
};

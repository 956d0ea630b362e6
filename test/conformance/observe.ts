import type { EchoReport } from '../../src/local/stand-in/echo.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';
import type { CaseRequest } from './case-files.ts';
import { idHeader } from './http1-wire.ts';
import type { Answer } from './send.ts';

/** One request as it was sent and answered, with the hits that carried its id. */
export interface Exchange {
  readonly answer: Answer;
  readonly hits: readonly EchoReport[];
}

/** A log record with the names a reader knows in place of addresses. */
export interface NamedRecord {
  readonly proxy: string;
  readonly upstream: string;
  readonly record: AccessRecord;
  /** It is in the access log of its proxy. */
  readonly isLogged: boolean;
}

const responseNoise =
  /^(date|x-request-id|traceparent|tracestate|b3|x-b3-.*|x-envoy-upstream-service-time|content-length|transfer-encoding|connection)$/;
const requestNoise = /^(traceparent|tracestate|b3|x-b3-.*)$/;

const maskReport = (report: EchoReport): EchoReport => ({
  ...report,
  headers: Object.fromEntries(
    Object.entries(report.headers)
      .filter(([name]) => name !== idHeader && !requestNoise.test(name))
      .map(([name, value]) => {
        if (name === 'x-request-id') return [name, '<uuid>'];
        return [name, name === 'x-forwarded-client-cert' ? value.replace(/Hash=[0-9a-f]+/g, 'Hash=<sha256>') : value];
      }),
  ),
});

/** The backend's own answer, when that is what came back: an authorizer's is repeated by the proxy as text. */
const reportIn = (answer: Answer): EchoReport | undefined => {
  if (answer.body === undefined || !answer.body.startsWith('{"workload"')) return undefined;
  if (answer.headers?.['content-type'] === 'text/plain') return undefined;
  try {
    return JSON.parse(answer.body) as EchoReport;
  } catch {
    return undefined;
  }
};

interface Told {
  readonly answered: EchoReport | undefined;
  readonly attempts: readonly EchoReport[];
  readonly mirrors: readonly EchoReport[];
}

/**
 * Tells tries from copies: a hit without id is a check of an authorizer; beyond the number of tries the proxies report,
 * a hit at another workload than the one that answered is a mirrored copy.
 */
const tell = ({ answer, hits }: Exchange, triesReported: number): Told => {
  const own = hits.filter((hit) => hit.headers[idHeader] !== undefined);
  const checks = hits.filter((hit) => hit.headers[idHeader] === undefined);
  const said = reportIn(answer);
  // The answer to HEAD has no body to say who gave it.
  const [first] = own;
  const answered = said ?? (own.length === 1 && first?.method === 'HEAD' && answer.status === 200 ? first : undefined);
  const workload = (answered ?? first)?.workload;
  const isCopy = (hit: EchoReport): boolean => own.length > triesReported && hit.workload !== workload;
  return {
    answered,
    attempts: own.filter((hit) => !isCopy(hit)),
    mirrors: [...own.filter(isCopy), ...checks].sort((a, b) => (a.workload < b.workload ? -1 : 1)),
  };
};

const formatLatency = (ms: number): string => (ms < 300 ? 'fast' : `~${(ms / 1000).toFixed(1)}s`);

const dash = (text: string): string | undefined => (text === '' || text === '-' ? undefined : text);

const logEntry = ({ proxy, upstream, record }: NamedRecord) => ({
  attempts: record.attempts,
  cluster: dash(record.upstreamCluster),
  code: record.responseCode,
  details: dash(record.details),
  flags: record.flags,
  mtls: dash(record.tlsVersion),
  path: dash(record.path),
  proto: dash(record.protocol),
  proxy,
  route: dash(record.routeName),
  sni: dash(record.requestedServerName),
  term: dash(record.connectionTerminationDetails),
  upstream: dash(upstream),
});

const identityOf = ({ workload, pod, version, namespace }: EchoReport) => ({ workload, pod, version, namespace });

const triesOf = (records: readonly NamedRecord[]): number =>
  Math.max(1, ...records.map(({ record }) => record.attempts));

/**
 * The records that a recording can know of: those of a request by its id, and without any those of a connection, which has
 * no id and is found by the address the client came from: at the first proxy on its way.
 */
const attributable = (all: readonly NamedRecord[]): readonly NamedRecord[] => {
  const records = all.filter(({ isLogged }) => isLogged);
  const ofRequests = records.filter(({ record }) => record.requestProtocol !== 'tcp');
  if (ofRequests.length > 0) return ofRequests;
  const ofClients = records.filter(({ record }) => record.reporter === 'source');
  return ofClients.length > 0 ? ofClients : records;
};

/** The result of a single request, in the shape recordings have; undefined fields vanish in JSON. */
export const observeOne = (
  index: number,
  request: CaseRequest,
  exchange: Exchange,
  records: readonly NamedRecord[],
) => {
  const logged = attributable(records);
  const { answer } = exchange;
  const { answered, attempts, mirrors } = tell(exchange, triesOf(records));
  const headers = Object.entries(answer.headers ?? {}).filter(([name]) => !responseNoise.test(name));
  return {
    i: index,
    name: request.name,
    request,
    status: answer.status,
    grpcStatus: answer.grpcStatus,
    error: answer.error,
    headers: answer.status === undefined ? undefined : Object.fromEntries(headers),
    body: answered === undefined ? answer.body || undefined : undefined,
    serverCert: answer.serverCert,
    answeredBy: answered && identityOf(answered),
    received: answered && maskReport(answered),
    attempts: attempts.length,
    attemptPods: attempts.length === 0 ? undefined : attempts.map(({ pod }) => pod),
    mirrors: mirrors.length === 0 ? undefined : mirrors.map(maskReport),
    latency: formatLatency(answer.latencyMs),
    accessLog: logged.length === 0 ? undefined : logged.map(logEntry),
  };
};

const countBy = (names: readonly (string | undefined)[]): Record<string, number> | undefined => {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0 ? undefined : Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
};

const maxSequence = 40;

/** The result of many equal requests. */
export const observeMany = (
  index: number,
  request: CaseRequest,
  exchanges: readonly Exchange[],
  records: readonly NamedRecord[],
) => {
  const told = exchanges.map((exchange) => tell(exchange, triesOf(records)));
  const statusOf = ({ answer }: Exchange): string => String(answer.status ?? answer.error);
  const sequence = exchanges.map((exchange, i) => {
    const pod = told[i]?.answered?.pod;
    const status = statusOf(exchange);
    return pod === undefined ? status : status === '200' ? pod : `${pod}:${status}`;
  });
  return {
    i: index,
    name: request.name,
    request,
    attempts: 0,
    count: exchanges.length,
    statuses: countBy(exchanges.map(statusOf)),
    distribution: countBy(told.map(({ answered }) => answered?.workload)),
    versions: countBy(told.map(({ answered }) => answered?.version)),
    mirrorCounts: countBy(told.flatMap(({ mirrors }) => mirrors.map(({ workload }) => workload))),
    flags: countBy(records.map(({ proxy, record }) => `${proxy} ${record.flags}`)),
    sequence: exchanges.length <= maxSequence ? sequence : undefined,
    attemptTotal: told.reduce((total, { attempts }) => total + attempts.length, 0),
  };
};

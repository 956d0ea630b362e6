import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/problem.ts';
import { verifyTokens } from '../../src/cli/explain/verify-tokens.ts';
import { planMesh } from '../../src/traffic/compile/compile-mesh.ts';
import type { AskedRequest, Result } from '../../src/traffic/explain/explanation.ts';
import { viewMesh } from '../../src/traffic/explain/mesh-view.ts';
import { trace } from '../../src/traffic/explain/trace.ts';
import type { CaseRequest } from '../conformance/case-files.ts';
import { compileCase } from './predict.ts';

const corpus = resolve(import.meta.dirname, '../../../shared/corpus/routing');
const cases = existsSync(corpus) ? readdirSync(corpus).filter((name) => /^\d/.test(name)) : [];

interface Observed {
  readonly request: CaseRequest;
  readonly status?: number;
  readonly grpcStatus?: number;
  readonly error?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answeredBy?: { readonly workload: string };
  readonly received?: { readonly path: string; readonly host: string };
  readonly statuses?: Readonly<Record<string, number>>;
  readonly distribution?: Readonly<Record<string, number>>;
  readonly accessLog?: readonly { readonly proxy: string; readonly cluster?: string; readonly flags: string }[];
}

/** The application was told to fail, be slow or keep connections, or the request is one of a crowd: no file says so. */
const dependsOnRunning = ({ request }: Observed, name: string): boolean =>
  // What the codec answers before there is a request.
  name.startsWith('234-') ||
  request.http10 === true ||
  request.sleepBefore !== undefined ||
  request.concurrency !== undefined ||
  /[?&]delay=/.test(request.path) ||
  (request.method ?? 'GET').toUpperCase() !== (request.method ?? 'GET') ||
  Object.keys(request.headers ?? {}).some((name) => /^x-echo-(delay|status|reset|fail|grpc)/.test(name));

const askedOf = (request: CaseRequest): AskedRequest => {
  const grpc = request.protocol === 'grpc' || request.grpc !== undefined;
  const lines = Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
    value.split('\n').map((line) => [name.toLowerCase(), line.trim()] as const),
  );
  return {
    method: request.method ?? (grpc ? 'POST' : 'GET'),
    authority: request.host,
    path: request.grpc === undefined ? request.path : `/${request.grpc.service}/${request.grpc.method}`,
    headers: grpc ? [...lines, ['content-type', 'application/grpc']] : lines,
    isTls: request.tls !== undefined,
    from: request.gateway === undefined ? (request.from ?? 'client') : undefined,
    gateway: request.gateway,
    port: request.port,
    dial: request.dial,
  };
};

const differences = (result: Result, observed: Observed): readonly string[] => {
  const wrong: string[] = [];
  const check = (what: string, said: unknown, seen: unknown): void => {
    if (said !== seen) wrong.push(`${what} ${String(said)}, observed ${String(seen)}`);
  };
  const { request } = observed;
  if (request.count !== undefined) {
    const said = [...new Set([result.status, ...(result.outcomes ?? []).map(({ status }) => status)])].join();
    for (const status of Object.keys(observed.statuses ?? {}))
      if (!said.split(',').includes(status)) wrong.push(`statuses ${said}, observed ${status}`);
    for (const [workload, hits] of Object.entries(observed.distribution ?? {})) {
      const share = result.workloads.filter(({ name }) => name === workload).reduce((sum, one) => sum + one.share, 0);
      if (share === 0) wrong.push(`${workload} gets nothing, observed ${hits} of ${request.count}`);
    }
    return wrong;
  }
  if (observed.error !== undefined && observed.status === undefined) {
    if (result.error === undefined) wrong.push(`status ${result.status}, observed ${observed.error}`);
    return wrong;
  }
  const likely = [result, ...(result.outcomes ?? [])];
  if (!likely.some(({ status }) => status === observed.status)) check('status', result.status, observed.status);
  check('grpc status', result.grpcStatus ?? 0, Number(observed.grpcStatus ?? 0));
  check('redirect', result.redirect ?? undefined, observed.headers?.['location']);
  const proxy = request.gateway ?? (request.from ?? 'client').split('/').at(-1);
  const log = observed.accessLog?.find((entry) => entry.proxy === proxy);
  if (log !== undefined) {
    if (!likely.some(({ flags }) => flags === log.flags)) check('flags', result.flags, log.flags);
    if (log.cluster !== undefined && !likely.some(({ cluster }) => cluster === log.cluster))
      check('cluster', result.cluster, log.cluster);
  }
  if (observed.received !== undefined && observed.answeredBy !== undefined) {
    check('host', result.host, observed.received.host);
    check('path', result.path, observed.received.path);
    const { workload } = observed.answeredBy;
    const names = result.workloads.map(({ name }) => name);
    if (names.length > 0 && !names.includes(workload)) wrong.push(`workloads ${names.join()}, observed ${workload}`);
  }
  return wrong;
};

describe.skipIf(cases.length === 0)('explanations of recorded requests', () => {
  it('agree with what was observed', { timeout: 120_000 }, async () => {
    const told: string[] = [];
    let asked = 0;
    let running = 0;
    let unsupported = 0;
    for (const name of cases) {
      const compiled = await compileCase(join(corpus, name));
      // A kind without effect yet decided those recordings; each is warned about.
      const isUnsupported = ({ code }: Problem): boolean => code === 'UNSUPPORTED_KIND';
      if (compiled.problems.some(isUnsupported)) {
        unsupported += 1;
        continue;
      }
      const view = viewMesh(compiled.world, planMesh(compiled.world, 1));
      const { results } = JSON.parse(readFileSync(join(corpus, name, 'observed.json'), 'utf8')) as {
        readonly results: readonly Observed[];
      };
      for (const [at, observed] of results.entries()) {
        if (dependsOnRunning(observed, name)) {
          running += 1;
          continue;
        }
        const request = askedOf(observed.request);
        const answer = trace(await verifyTokens(view, request, Math.floor(Date.now() / 1000)), request);
        // An authorizer decided.
        if (!('code' in answer) && answer.result.assumed !== undefined) {
          running += 1;
          continue;
        }
        asked += 1;
        const wrong =
          'code' in answer
            ? observed.error === undefined
              ? [answer.message]
              : []
            : differences(answer.result, observed);
        if (wrong.length > 0) told.push(`${name} #${at}: ${wrong.join('; ')}`);
      }
    }
    const share = (asked - told.length) / asked;
    console.log(
      `${asked - told.length}/${asked} agree (${(100 * share).toFixed(1)} %), ${running} depend on running applications, ${unsupported} cases ask for what is not carried`,
    );
    expect(share, told.join('\n')).toBeGreaterThan(0.99);
  });
});

import { basename, dirname, join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Problem } from '../../base/problem.ts';
import { findFiles, type IsExcluded } from '../../input/find.ts';
import { readSources } from '../../input/read.ts';
import { CLIENT_POD } from '../../local/built-in.ts';
import { requestClasses } from '../../traffic/difference/request-classes.ts';
import { type Coverage, measureCoverage } from '../../traffic/explain/coverage.ts';
import { chooseEntry } from '../../traffic/explain/entry.ts';
import type { AskedRequest, Explanation, Met, Unanswerable } from '../../traffic/explain/explanation.ts';
import type { MeshView } from '../../traffic/explain/mesh-view.ts';
import { trace } from '../../traffic/explain/trace.ts';
import type { ProxyTables } from '../../traffic/tables.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { loadMesh } from '../explain/load-mesh.ts';
import { verifyTokens } from '../explain/verify-tokens.ts';
import type { Io } from '../io.ts';
import { checkInvariant } from './check-invariant.ts';
import { compareOutcome, type Mismatch } from './compare.ts';
import { readTests } from './read-tests.ts';
import type { Client, Invariant, TestCase, TestFile } from './test-file.ts';

/** One case or invariant that was run; failed when it has a mismatch or could not be asked. */
export interface CaseResult {
  readonly test: Pick<TestCase, 'name' | 'span'>;
  readonly mismatches: readonly Mismatch[];
  readonly refusal: Unanswerable | undefined;
  /** Of an invariant, the first request that breaks it. */
  readonly asked: AskedRequest | undefined;
  readonly explanation: Explanation | undefined;
  /** Requests that an invariant was asked of. */
  readonly requests?: number;
}

export interface TestRun {
  readonly results: readonly CaseResult[];
  readonly coverage: Coverage;
  /** The highest `coverage.failUnder` of the files. */
  readonly failUnder: number | undefined;
  /** Of test files and of the configuration; an error means that not everything was tested as it is written. */
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceText[];
}

const TEST_FILE = /\.test\.(ya?ml|json)$/;
const isTestFile: IsExcluded = (path) => TEST_FILE.test(basename(path));

/** The test files that paths name: in directories by name, files themselves whatever they are called. */
const findTests = async (paths: readonly string[], io: Io): Promise<readonly SourceText[]> => {
  const files = await findFiles(paths, io.cwd);
  const names = files.map(({ name }) => name).filter((name) => TEST_FILE.test(name) || paths.includes(name));
  if (names.length === 0)
    throw new Fault(`there is no test in ${paths.join(', ')}`, {
      kind: 'usage',
      code: 'NO_TESTS',
      hint: 'files of tests are called NAME.test.yaml',
    });
  return readSources(names, { stdin: io.stdin, cwd: io.cwd });
};

/** A reference to the client as a trace understands it. */
const referenceTo = ({ world }: MeshView, { namespace, workload, serviceAccount }: Client): string | Unanswerable => {
  if (workload !== undefined) return namespace === undefined ? workload : `${namespace}/${workload}`;
  const account = `${namespace ?? 'default'}/${serviceAccount ?? ''}`;
  const fits = world.pods.filter(
    ({ pod }) =>
      pod.namespace === (namespace ?? 'default') &&
      (serviceAccount === undefined || pod.serviceAccount === serviceAccount),
  );
  const client = fits.find(({ pod }) => pod.proxyMode === 'sidecar') ?? fits[0];
  if (client !== undefined) return `${client.pod.namespace}/${client.pod.name}`;
  return {
    code: 'UNKNOWN_WORKLOAD',
    message: serviceAccount === undefined ? `no workload in namespace ${namespace}` : `no workload runs as ${account}`,
    hint: 'say a workload of the configuration',
  };
};

const runCase = async (view: MeshView, test: TestCase, nowSeconds: number): Promise<CaseResult> => {
  const { host, path, method, scheme, headers, from, gateway, port, authorizers } = test.request;
  const client = from === undefined ? undefined : referenceTo(view, from);
  const written: AskedRequest = {
    method,
    authority: host,
    path,
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    isTls: scheme === 'https',
    from: typeof client === 'string' ? client : undefined,
    gateway,
    port,
    dial: undefined,
  };
  const failed = (asked: AskedRequest, refusal: Unanswerable): CaseResult => ({
    test,
    asked,
    refusal,
    mismatches: [],
    explanation: undefined,
  });
  if (typeof client === 'object') return failed(written, client);
  const asked = chooseEntry(view, written, CLIENT_POD.replace(/-0$/, ''));
  if ('code' in asked) return failed(written, asked);
  const explanation = trace({ ...(await verifyTokens(view, asked, nowSeconds)), authorizers }, asked);
  if ('code' in explanation) return failed(asked, explanation);
  const found = compareOutcome(test.expect, explanation);
  const matched = { field: 'wantMatch', expected: 'false', actual: 'true' };
  const negated = found.length === 0 ? [matched] : [];
  return { test, asked, explanation, refusal: undefined, mismatches: test.isNegated ? negated : found };
};

/** More than any mesh's rules tell apart that people write by hand. */
const MAX_REQUESTS = 20_000;

const checkInvariants = (view: MeshView, invariants: readonly Invariant[]): readonly CaseResult[] => {
  if (invariants.length === 0) return [];
  const { requests } = requestClasses({ before: view, after: view }, MAX_REQUESTS);
  return invariants.map((invariant) => {
    const { asked, broken, mismatches } = checkInvariant(view, invariant, requests);
    const { explanation } = broken ?? {};
    return { test: invariant, mismatches, refusal: undefined, asked: broken?.asked, explanation, requests: asked };
  });
};

/** The configuration a file tests, relative to the working directory. */
const configurationOf = ({ files, source }: TestFile, given: readonly string[]): readonly string[] => {
  if (given.length > 0) return given;
  const directory = dirname(source.name);
  return files === undefined ? [directory] : files.map((file) => join(directory, file));
};

/** Runs the tests of `paths` against `configuration`, or against what each file names. */
export const runTests = async (
  paths: readonly string[],
  configuration: readonly string[],
  io: Io,
): Promise<TestRun> => {
  const files = (await findTests(paths, io)).map(readTests);
  const keys = files.map((file) => JSON.stringify(configurationOf(file, configuration)));
  const problems: Problem[] = files.flatMap((file) => file.problems);
  const sources: SourceText[] = files.map(({ source }) => source);
  const results: CaseResult[] = [];
  const held: CaseResult[] = [];
  const proxies: ProxyTables[] = [];
  const nowSeconds = Math.floor(Date.now() / 1000);
  for (const key of new Set(keys)) {
    const group = files.filter((_, at) => keys[at] === key);
    if (group.every(({ cases, invariants }) => cases.length + invariants.length === 0)) continue;
    const texts = await readSources(JSON.parse(key), { stdin: io.stdin, cwd: io.cwd, isExcluded: isTestFile });
    const { view, problems: found } = await loadMesh(texts);
    sources.push(...texts);
    problems.push(...found.filter(({ severity }) => severity === 'error'));
    proxies.push(...view.world.pods.flatMap((placed) => view.tablesOf(placed) ?? []));
    for (const test of group.flatMap(({ cases }) => cases)) results.push(await runCase(view, test, nowSeconds));
    held.push(
      ...checkInvariants(
        view,
        group.flatMap(({ invariants }) => invariants),
      ),
    );
  }
  // Invariants look everywhere by themselves, so that they say nothing of what was thought of.
  const met: readonly Met[] = results.flatMap(({ explanation }) => explanation?.met ?? []);
  const limits = files.flatMap(({ failUnder }) => failUnder ?? []);
  return {
    results: [...results, ...held],
    coverage: measureCoverage(proxies, met),
    failUnder: limits.length === 0 ? undefined : Math.max(...limits),
    problems,
    sources,
  };
};

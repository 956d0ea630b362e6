import { hasErrors, type Problem } from '../../base/problem.ts';
import type { Span } from '../../base/span.ts';
import { decodeFields } from '../../model/structure.ts';
import { describeValue, isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { spanOf } from '../../yaml/located.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { TEST_DEFINITION } from './definition.ts';
import { importConfigValidator, isConfigValidator } from './import-config-validator.ts';
import { importRouterCheck, isRouterCheck } from './import-router-check.ts';
import type { Imported } from './imported.ts';
import type { Client, Expectation, Invariant, TestCase, TestFile, TestRequest } from './test-file.ts';

type Say = (message: string, span: Span | undefined) => void;

/** A text, or a list of texts, as a list. */
const textsOf = (object: Plain, key: string, fallback: string, say: Say): readonly string[] => {
  const value = object[key] ?? fallback;
  if (typeof value === 'string') return [value];
  const isList = Array.isArray(value) && value.length > 0;
  if (isList && value.every((one) => typeof one === 'string')) return value;
  say(`${key} must be a string or a list of strings, not ${describeValue(value)}`, spanOf(object, key));
  return [];
};

/** What the definition has accepted has the types of its keys. */
type Written = Omit<TestRequest, 'host' | 'path' | 'method'>;

const casesOf = (tests: readonly Plain[], negated: ReadonlySet<number>, span: Span, say: Say): readonly TestCase[] =>
  tests.flatMap((test, at) => {
    const { name, request, expect } = test as { name: string; request: Plain; expect: Expectation };
    const { scheme = 'http', headers = {}, from, gateway, port, authorizers = 'allow' } = request as Partial<Written>;
    const hosts = textsOf(request, 'host', '', say);
    const paths = textsOf(request, 'path', '/', say);
    const methods = textsOf(request, 'method', 'GET', say);
    if (from !== undefined && gateway !== undefined)
      say(
        'from and gateway exclude each other: a request begins in the mesh or outside of it',
        spanOf(request, 'from'),
      );
    const isOne = hosts.length * paths.length * methods.length === 1;
    return hosts.flatMap((host) =>
      paths.flatMap((path) =>
        methods.map((method) => ({
          name: isOne ? name : `${name} [${method} ${host}${path}]`,
          span: spanOf(tests, at) ?? span,
          request: { host, path, method, scheme, headers, from, gateway, port, authorizers },
          expect,
          isNegated: negated.has(at),
        })),
      ),
    );
  });

const invariantsOf = (written: readonly Plain[], span: Span, say: Say): readonly Invariant[] =>
  written.flatMap((one, at) => {
    const { name, requests, expect, never } = one as {
      name: string;
      requests: Plain;
      expect?: Expectation;
      never?: Expectation;
    };
    const wanted = expect ?? never;
    if (wanted === undefined || (expect !== undefined && never !== undefined)) {
      say('an invariant has either expect or never', spanOf(written, at));
      return [];
    }
    const { from, gateway } = requests as { from?: Client; gateway?: string };
    const patterns = (key: string): readonly string[] =>
      requests[key] === undefined ? [] : textsOf(requests, key, '', say);
    const ofClass = { hosts: patterns('host'), paths: patterns('path'), methods: patterns('method'), from, gateway };
    const isNegated = expect === undefined;
    return [{ name, span: spanOf(written, at) ?? span, requests: ofClass, expect: wanted, isNegated }];
  });

/** The tests of another tool's file; undefined of heddle's own. */
const importTests = (document: unknown): Imported | undefined => {
  if (isObject(document) && isConfigValidator(document)) return importConfigValidator(document);
  return typeof document === 'object' && document !== null && isRouterCheck(document)
    ? importRouterCheck(document)
    : undefined;
};

/** Reads a file of heddle's own test format or of another tool's; what is wrong is a problem at its place, and there are no cases then. */
export const readTests = (source: SourceText): TestFile => {
  const { documents, problems: unreadable } = loadYaml(source);
  const problems: Problem[] = [...unreadable];
  const empty = { source, files: undefined, failUnder: undefined, cases: [], invariants: [] };
  const [document, second] = documents;
  const start = { file: source.name, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const add = (code: string, message: string, span: Span | undefined, hint?: string): void => {
    problems.push({ severity: 'error', code, message, span: span ?? start, ...(hint !== undefined && { hint }) });
  };
  if (second !== undefined) add('SEVERAL_DOCUMENTS', 'a file of tests is one document, not several', second.span);
  const imported = document === undefined ? undefined : importTests(document.value);
  const written = imported?.document ?? (isObject(document?.value) ? document.value : undefined);
  if (document === undefined || written === undefined) {
    if (problems.length === 0) add('WRONG_TYPE', 'a file of tests is a mapping with the key tests', document?.span);
    return { ...empty, problems };
  }
  problems.push(...(imported?.problems ?? []));
  const decoded = decodeFields(written, TEST_DEFINITION, {
    definitions: {},
    convention: 'crd',
    report: ({ code, message, hint, place }) =>
      add(code, message, spanOf(place.container, place.key, place.part) ?? document.span, hint),
  });
  if (hasErrors(problems)) return { ...empty, problems };
  const { files, coverage, tests, invariants } = decoded as {
    files?: readonly string[];
    coverage?: { failUnder?: number };
    tests?: readonly Plain[];
    invariants?: readonly Plain[];
  };
  if (tests === undefined && invariants === undefined)
    add('REQUIRED_FIELD', 'a file of tests has tests, invariants or both', document.span);
  const say: Say = (message, span) => add('WRONG_TYPE', message, span);
  const cases = casesOf(tests ?? [], imported?.negated ?? new Set(), document.span, say);
  const held = invariantsOf(invariants ?? [], document.span, say);
  const failUnder = coverage?.failUnder;
  if (hasErrors(problems)) return { ...empty, files, failUnder, problems };
  return { source, files, failUnder, cases, invariants: held, problems };
};

import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { copyPosition } from '../../yaml/located.ts';
import type { Plain } from '../../yaml/plain.ts';
import { type Imported, notImported, objectsOf } from './imported.ts';

// Envoy's router_check_tool: RouterCheckToolSchema.Validation, and the list of tests that it took before there was one.

const TOOL = 'router_check_tool';

/** Its tests, wherever they stand; undefined of another file. */
const testsIn = (document: unknown): readonly unknown[] | undefined => {
  const tests = Array.isArray(document) ? document : isObject(document) ? document['tests'] : undefined;
  return Array.isArray(tests) && tests.some((test) => isObject(test) && 'validate' in test) ? tests : undefined;
};

/** Whether a document is a file of Envoy's router_check_tool. */
export const isRouterCheck = (document: unknown): boolean => testsIn(document) !== undefined;

const TEST_KEYS = new Set(['test_name', 'input', 'validate']);

/** By either spelling; what the tool adds by itself, or what makes no difference to a mesh, is not told apart. */
const INPUT_KEYS: Readonly<Record<string, 'host' | 'path' | 'method' | 'ssl' | 'headers' | 'ignored'>> = {
  authority: 'host',
  ':authority': 'host',
  path: 'path',
  ':path': 'path',
  method: 'method',
  ':method': 'method',
  ssl: 'ssl',
  additional_request_headers: 'headers',
  additional_headers: 'headers',
  random_value: 'ignored',
};

const VALIDATE_KEYS: Readonly<Record<string, 'cluster' | 'rewriteHost' | 'rewritePath' | 'redirect' | 'headers'>> = {
  cluster_name: 'cluster',
  host_rewrite: 'rewriteHost',
  path_rewrite: 'rewritePath',
  path_redirect: 'redirect',
  request_header_matches: 'headers',
  request_header_fields: 'headers',
};

/** Takes over its tests, without those of which nothing is compared. */
export const importRouterCheck = (document: object): Imported => {
  const problems: Problem[] = [];
  const written = objectsOf(testsIn(document));
  const all = written.map((one) => {
    for (const key of Object.keys(one)) if (!TEST_KEYS.has(key)) problems.push(notImported(TOOL, one, key));
    const test = {
      name: one['test_name'],
      request: requestOf(isObject(one['input']) ? one['input'] : {}, problems),
      expect: expectationOf(isObject(one['validate']) ? one['validate'] : {}, problems),
    };
    copyPosition(one, test);
    return test;
  });
  // Nothing is left to compare of a test that asks for other things only.
  const tests = all.filter(({ expect }) => Object.keys(expect).length > 0);
  copyPosition(testsIn(document) ?? document, tests);
  return { document: { tests }, negated: new Set(), problems };
};

const requestOf = (input: Plain, problems: Problem[]): Plain => {
  const request: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(input)) {
    const means = INPUT_KEYS[key];
    if (means === undefined) problems.push(notImported(TOOL, input, key));
    else if (means === 'ssl') request['scheme'] = value === true ? 'https' : 'http';
    else if (means === 'headers') request['headers'] = pairsOf(value);
    else if (means !== 'ignored') request[means] = value;
  }
  copyPosition(input, request);
  return request;
};

/** `key` and `value`, and before that `field` and `value`. */
const pairsOf = (headers: unknown): Plain =>
  Object.fromEntries(
    objectsOf(headers).map(({ key, field, value }) => [String(key ?? field ?? ''), String(value ?? '')]),
  );

const expectationOf = (validate: Plain, problems: Problem[]): Plain => {
  const expect: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(validate)) {
    const means = VALIDATE_KEYS[key];
    // An empty text wants that there is none, which no key here says.
    if (means === undefined || value === '') problems.push(notImported(TOOL, validate, key));
    else if (means === 'redirect') expect['redirect'] = { location: value };
    else if (means === 'headers') Object.assign(expect, headerExpectation(value, problems));
    else expect[means] = value;
  }
  copyPosition(validate, expect);
  return expect;
};

/** Of matchers, those for an exact value and those for absence have a counterpart. */
const headerExpectation = (matchers: unknown, problems: Problem[]): Plain => {
  const headers: Record<string, unknown> = {};
  const withoutHeaders: string[] = [];
  for (const matcher of objectsOf(matchers)) {
    const name = String(matcher['name'] ?? matcher['field'] ?? '');
    const exact = exactOf(matcher);
    const isInverted = matcher['invert_match'] === true;
    if (exact !== undefined && !isInverted) headers[name] = exact;
    else if (matcher['present_match'] === isInverted) withoutHeaders.push(name);
    else problems.push(notImported(TOOL, matcher, 'name', `match of header ${name}`));
  }
  return {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(withoutHeaders.length === 0 ? {} : { withoutHeaders }),
  };
};

const exactOf = ({ string_match: match, exact_match: exact, value }: Plain): unknown =>
  exact ?? value ?? (isObject(match) ? match['exact'] : undefined);

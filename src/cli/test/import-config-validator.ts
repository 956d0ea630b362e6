import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { copyPosition } from '../../yaml/located.ts';
import type { Plain } from '../../yaml/plain.ts';
import { type Imported, notImported, objectsOf } from './imported.ts';

/** Whether a document is a file of istio-config-validator. */
export const isConfigValidator = (document: Plain): boolean => Array.isArray(document['testCases']);

/** The single destination by its parts, several by their weights. */
const routeExpectation = (routes: readonly Plain[]): Plain => {
  const places = routes.map((route) => {
    const destination = isObject(route['destination']) ? route['destination'] : {};
    const port = isObject(destination['port']) ? destination['port']['number'] : undefined;
    return { host: destination['host'], subset: destination['subset'], port, weight: route['weight'] };
  });
  const [only, second] = places;
  if (only === undefined) return {};
  if (second !== undefined)
    return { weights: Object.fromEntries(places.map(({ host, subset, weight }) => [subset ?? host, weight ?? 0])) };
  const { host, subset, port } = only;
  return { host, ...(subset !== undefined && { subset }), ...(port !== undefined && { port }) };
};

const REQUEST_KEYS: ReadonlyMap<string, string> = new Map([
  ['authority', 'host'],
  ['uri', 'path'],
  ['method', 'method'],
  ['headers', 'headers'],
]);
const CASE_KEYS = new Set(['description', 'wantMatch', 'request', 'route']);

const TOOL = 'istio-config-validator';

/** Takes over its test cases; those that want no match hold when their expectation does not. */
export const importConfigValidator = (document: Plain): Imported => {
  const problems: Problem[] = [];
  const written = objectsOf(document['testCases']);
  const tests = written.map((one): Plain => {
    const request = isObject(one['request']) ? one['request'] : {};
    for (const key of Object.keys(one)) if (!CASE_KEYS.has(key)) problems.push(notImported(TOOL, one, key));
    for (const key of Object.keys(request)) if (!REQUEST_KEYS.has(key)) problems.push(notImported(TOOL, request, key));
    const asked = [...REQUEST_KEYS].flatMap(([theirs, ours]) =>
      request[theirs] === undefined ? [] : [[ours, request[theirs]]],
    );
    const test = {
      name: one['description'],
      request: Object.fromEntries(asked),
      expect: routeExpectation(objectsOf(one['route'])),
    };
    copyPosition(one, test);
    return test;
  });
  copyPosition(document['testCases'] as object, tests);
  return {
    document: { tests },
    negated: new Set(written.flatMap((one, at) => (one['wantMatch'] === false ? [at] : []))),
    problems,
  };
};

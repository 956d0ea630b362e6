import { describe, expect, it } from 'vitest';
import { covers } from '../../src/analysis/lookup/match-coverage.ts';
import { createMatchIndex } from '../../src/analysis/lookup/match-index.ts';
import { curlLine, routeOf, type Witness, witnessOf } from '../../src/analysis/lookup/witness.ts';
import type { Resource } from '../../src/model/resource.ts';
import type { StringMatch, VirtualServiceHttpMatch } from '../../src/model/schema/generated/types-istio.ts';
import { instantiateRules } from '../../src/traffic/compile/instantiate.ts';
import { Report } from '../../src/traffic/compile/report.ts';
import { compileConditions, compileRouteMatch } from '../../src/traffic/compile/rule-match.ts';
import type { RulePlan } from '../../src/traffic/compile/rule-plan.ts';
import { compileRegex } from '../../src/traffic/regex.ts';
import { sampleRegex } from '../../src/traffic/regex-sample.ts';

const span = { file: 'vs.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 };
const resource: Resource = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  name: 'vs',
  namespace: 'default',
  labels: {},
  annotations: {},
  object: { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'vs' } },
  order: 0,
  span,
};

const planOf = (match: VirtualServiceHttpMatch): RulePlan => ({
  name: '',
  match: compileRouteMatch(resource, match, new Report()),
  pathText: '/*',
  isCatchAll: false,
  conditions: compileConditions(match, 'default'),
  action: { kind: 'respond', status: 200, body: '', fault: undefined },
  requestHeaders: undefined,
  responseHeaders: undefined,
  origin: { resource: 'VirtualService default/vs', span },
});

const GATEWAYS = ['mesh', 'default/edge'];

/** Whether the router takes a request of the narrow match at the given listener with this rule. */
const routes = (plan: RulePlan, request: Witness, scope: Scope): boolean =>
  routeOf(instantiateRules([plan], { ...scope, defaultPort: () => 80, virtualServiceName: 'vs' }), request) !==
  undefined;

interface Scope {
  readonly client: { namespace: string; labels: Record<string, string>; locality: string; scope: undefined };
  readonly gateway: string;
  readonly listenerPort: number;
}

/** Small numbers that look random and are the same in every run. */
const createRandom = (seed: number): (<T>(items: readonly T[]) => T) => {
  let state = seed;
  return (items) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const item = items[(state >>> 8) % items.length];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
};

const TEXTS = ['/', '/a', '/A', '/a/b', '/ab', '/a.b'] as const;
const PATTERNS: readonly StringMatch[] = [
  ...TEXTS.flatMap((text) => [{ exact: text }, { prefix: text }]),
  ...['.*', '/a.*', '/a+', '/ab?', '/a|/b', '/a\\.b', '/a/.*'].map((regex) => ({ regex })),
];
const VALUES: readonly StringMatch[] = [
  { exact: 'x' },
  { prefix: 'x' },
  { regex: 'x.*' },
  { regex: 'xy?' },
  { regex: '.*' },
  {},
];

const randomMatch = (pick: ReturnType<typeof createRandom>): VirtualServiceHttpMatch => ({
  ...(pick([true, true, false]) && { uri: pick(PATTERNS) }),
  ...(pick([true, false]) && { ignoreUriCase: pick([true, false]) }),
  ...(pick([true, false, false]) && { method: pick([{ exact: 'GET' }, { regex: 'GET|PUT' }, { prefix: 'P' }]) }),
  ...(pick([true, false, false]) && { headers: { [pick(['h', 'i'])]: pick(VALUES) } }),
  ...(pick([true, false, false]) && { withoutHeaders: { [pick(['h', 'i'])]: pick(VALUES) } }),
  ...(pick([true, false, false, false]) && { queryParams: { q: pick(VALUES) } }),
  ...(pick([true, false, false, false]) && { port: pick([80, 8080]) }),
  ...(pick([true, false, false, false]) && { sourceLabels: { app: pick(['web', 'job']) } }),
  ...(pick([true, false, false, false]) && { gateways: [pick(['mesh', 'edge'])] }),
});

const randomRequest = (pick: ReturnType<typeof createRandom>): Witness => {
  const headers = [
    ...pick([[], ['x']]).map((value) => ['h', value] as const),
    ...pick([[], ['xy', 'z'], ['']]).map((value) => ['i', value] as const),
  ];
  return {
    method: pick(['GET', 'PUT', 'POST']),
    path: pick([...TEXTS, '/a/', '/aa', '/abc', '/b', '/a/b/c']) + pick(['', '?q=x', '?q', '?q=xyz&q=x']),
    authority: 'shop',
    scheme: 'http',
    headers,
    headerValues: (name) => headers.filter(([key]) => key === name).map(([, value]) => value),
  };
};

const randomScope = (pick: ReturnType<typeof createRandom>): Scope => ({
  client: { namespace: 'default', labels: pick([{}, { app: 'web' }, { app: 'job' }]), locality: '', scope: undefined },
  gateway: pick(GATEWAYS),
  listenerPort: pick([80, 8080]),
});

describe('covers', () => {
  it('never says so where the router takes a request with the narrow match alone', () => {
    const pick = createRandom(7);
    let covered = 0;
    let taken = 0;
    for (let round = 0; round < 20_000; round++) {
      const wide = planOf(randomMatch(pick));
      const narrow = planOf(randomMatch(pick));
      if (!covers(wide, narrow, GATEWAYS)) continue;
      covered++;
      for (let tries = 0; tries < 20; tries++) {
        const request = randomRequest(pick);
        const scope = randomScope(pick);
        if (!routes(narrow, request, scope)) continue;
        taken++;
        if (!routes(wide, request, scope)) {
          throw new Error(`${curlLine(request)}: ${JSON.stringify([wide.match, narrow.match, wide.conditions])}`);
        }
      }
    }
    // The generator meets what it is about.
    expect(covered).toBeGreaterThan(500);
    expect(taken).toBeGreaterThan(500);
  });

  it.each<[string, VirtualServiceHttpMatch, VirtualServiceHttpMatch, boolean]>([
    ['a prefix takes longer ones', { uri: { prefix: '/a' } }, { uri: { prefix: '/ab' } }, true],
    ['and no shorter ones', { uri: { prefix: '/ab' } }, { uri: { prefix: '/a' } }, false],
    ['the prefix / takes whatever path', { uri: { prefix: '/' } }, {}, true],
    ['a regex about an exact path is tried', { uri: { regex: '/a[0-9]' } }, { uri: { exact: '/a1' } }, true],
    ['a regex begins with its literal text', { uri: { prefix: '/a' } }, { uri: { regex: '/a[0-9]' } }, true],
    ['but not with a letter that may be missing', { uri: { prefix: '/a' } }, { uri: { regex: '/a?b' } }, false],
    ['nor with one of several alternatives', { uri: { prefix: '/a' } }, { uri: { regex: '/a|/b' } }, false],
    [
      'case is ignored by the wide one',
      { uri: { prefix: '/A' }, ignoreUriCase: true },
      { uri: { exact: '/aB' } },
      true,
    ],
    ['or by the narrow one alone', { uri: { prefix: '/a' } }, { uri: { prefix: '/ab' }, ignoreUriCase: true }, false],
    ['presence follows from a value', { headers: { h: {} } }, { headers: { h: { exact: 'x' } } }, true],
    ['a value does not follow from presence', { headers: { h: { exact: 'x' } } }, { headers: { h: {} } }, false],
    [
      'excluding a value is wider than excluding a prefix of it',
      { withoutHeaders: { h: { exact: 'xy' } } },
      { withoutHeaders: { h: { prefix: 'x' } } },
      true,
    ],
    ['a port is narrower than none', { port: 80 }, {}, false],
    [
      'gateways of a match take the place of its source',
      { sourceLabels: { app: 'web' } },
      { gateways: ['edge'] },
      false,
    ],
  ])('%s', (_title, wide, narrow, expected) => {
    expect(covers(planOf(wide), planOf(narrow), GATEWAYS)).toBe(expected);
  });

  it('finds by path all that the plain comparison finds', () => {
    const pick = createRandom(11);
    for (let round = 0; round < 200; round++) {
      const plans = Array.from({ length: 20 }, () => planOf(randomMatch(pick)));
      const index = createMatchIndex<RulePlan>();
      for (const plan of plans) {
        const found = index.candidates(plan.match).filter((other) => covers(other, plan, GATEWAYS));
        const all = plans.slice(0, plans.indexOf(plan)).filter((other) => covers(other, plan, GATEWAYS));
        expect(found).toEqual(all);
        index.add(plan);
      }
    }
  });
});

describe('a witness', () => {
  it.each<[VirtualServiceHttpMatch, string]>([
    [{}, 'curl http://shop/'],
    [{ uri: { prefix: '/a b' } }, ''],
    [{ uri: { prefix: 'a' } }, ''],
    [{ uri: { regex: '/v[0-9]{2}/(items|carts)/?' }, method: { exact: 'POST' } }, 'curl -X POST http://shop/v11/items'],
    [{ headers: { h: {} }, withoutHeaders: { i: {} } }, "curl -H 'h: x' http://shop/"],
    [{ queryParams: { q: { exact: '1' }, r: {} } }, "curl 'http://shop/?q=1&r=x'"],
    [{ authority: { prefix: 'a.b' }, port: 8080 }, 'curl http://a.b/'],
  ])('of %j', (match, line) => {
    const witness = witnessOf(planOf(match).match, 'shop', 80);
    expect(witness === undefined ? '' : curlLine(witness)).toBe(line);
  });

  it.each(['/a', '/[a-z]+\\d{3}', '(?:x|y)+z?', '(?i)abc', '[^/]+/[]a]', 'a{2,3}.*', '/(?P<id>\\w+)$'])(
    'the expression %s takes its sample',
    (source) => {
      const regex = compileRegex(source);
      expect('test' in regex && regex.test(sampleRegex(source))).toBe(true);
    },
  );
});

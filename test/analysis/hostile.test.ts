import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { parseSuppression, suppress } from '../../src/analysis/suppress.ts';
import { validateDocuments } from '../../src/analysis/validate/validate.ts';
import { loadYaml } from '../../src/yaml/load.ts';

// What would take minutes, the stack or another object's prototype if it were met naively. The runner's time limit is
// the bound: each takes well below a second.

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('');

const HEAD =
  'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: b}\nspec:\n  hosts: [a]\n';
const withUris = (uris: string): string => `${HEAD}  http:\n  - match:\n${uris}    route: [{destination: {host: a}}]\n`;

const TEXTS: readonly (readonly [string, string])[] = [
  ['20,000 unknown fields', `${HEAD}${times(20_000, (index) => `  k${index}: 1\n`)}`],
  [
    '20,000 annotations',
    HEAD.replace('{name: a, ', `{name: a, annotations: {${times(20_000, (at) => `k${at}: x, `)}}, `),
  ],
  ['20,000 hosts', HEAD.replace('[a]', `[${times(20_000, (index) => `h${index}.example.com, `)}]`)],
  ['20,000 equal hosts', HEAD.replace('[a]', `[${times(20_000, () => '"*.example.com", ')}]`)],
  ['a host of 100,000 labels', HEAD.replace('[a]', `[${'a.'.repeat(100_000)}b]`)],
  [
    'a regex that backtracks',
    withUris(`    - uri: {regex: "(a+)+$"}\n    - uri: {prefix: "/${'a'.repeat(50_000)}"}\n`),
  ],
  ['200 regexes that backtrack', withUris(times(200, (at) => `    - uri: {regex: "(x+x+)+y${at}"}\n`))],
  ['a regex of counted repetitions', withUris('    - uri: {regex: "((a{1,1000}){1,1000}){1,1000}"}\n')],
  ['a regex of 50,000 brackets', withUris(`    - uri: {regex: "${'('.repeat(50_000)}"}\n`)],
  [
    'a duration of 100,000 parts',
    `${HEAD}  http: [{timeout: ${'1h'.repeat(100_000)}, route: [{destination: {host: a}}]}]\n`,
  ],
  ['a number of 200,000 digits', `${HEAD}  weight: ${'9'.repeat(200_000)}\n`],
  [
    '100,000 codes in an annotation',
    HEAD.replace(
      '{name: a, ',
      `{name: a, annotations: {galley.istio.io/analyze-suppress: "${'IST0101,'.repeat(100_000)}"}, `,
    ),
  ],
  ['100,000 codes in a comment', `${HEAD}  http: [] # heddle-ignore ${'IST0101,'.repeat(100_000)}\n`],
  [
    'two billion replicas',
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 2000000000\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: x}]}\n`,
  ],
  [
    '20,000 open brackets in the mesh configuration',
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "${'['.repeat(20_000)}"}\n`,
  ],
];

const analyze = async (text: string) => {
  const sources = [{ name: 'in.yaml', text }];
  const { input, documents, problems } = await loadInput(sources);
  const rules = [parseSuppression(`IST0101=${'*a'.repeat(2000)}b`)].flatMap((rule) => rule ?? []);
  const found = suppress(runChecks(CHECKS, input), {
    sources,
    documents,
    resources: input.mesh.resources,
    rules,
    isLookedFor: () => true,
    isReasonRequired: false,
  });
  return { findings: found.kept, problems };
};

describe('a hostile configuration', () => {
  it.each(TEXTS)('with %s is analyzed, and what is said of it is located', async (_what, text) => {
    const { findings, problems } = await analyze(text);
    for (const { span } of [...findings, ...problems]) expect(span?.file).toBe('in.yaml');
  });

  it.each(TEXTS)('with %s is validated, and what is said of it is located', async (_what, text) => {
    const verdicts = await validateDocuments(loadYaml({ name: 'in.yaml', text }).documents);
    expect(verdicts).toHaveLength(1);
    for (const { span } of verdicts.flatMap(({ problems }) => problems)) expect(span?.file).toBe('in.yaml');
  });

  it('cannot reach the prototype of other objects', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const objects = names.flatMap((kind) =>
      names.map(
        (name) =>
          `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${name}}\n${name}: {polluted: 1}\n`,
      ),
    );
    const services = names.map(
      (name) =>
        `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}, namespace: ${name}, labels: {${name}: x}, annotations: {${name}: x}}\n` +
        `spec:\n  hosts: [${name}]\n  gateways: [${name}]\n  http: [{route: [{destination: {host: ${name}, subset: ${name}}}]}]\n  ${name}: {polluted: 1}\n`,
    );
    const text = [...objects, ...services].join('---\n');
    const { findings } = await analyze(text);
    await validateDocuments(loadYaml({ name: 'in.yaml', text }).documents);
    expect(findings.filter(({ code }) => code === 'IST0101').map(({ origin }) => origin)).toEqual(
      expect.arrayContaining(names.map((name) => `VirtualService ${name}/${name}`)),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Reflect.get(() => 0, 'polluted')).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixSources, type Judge } from '../../src/analysis/fix.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';
import { fixAll, fixedText, judgeWith } from './fix-all.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{port: 80, name: http}]}
`;
const route = (destination: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
    - route:
        - destination: ${destination}
`;

describe('fixes that overlap', () => {
  it('are applied round by round', async () => {
    const text = `${SERVICE}---\n${route('{host: reviews}').replace('[reviews]', '[reviews, a.b, reviews, a.b]')}`;
    const fixed = await fixedText(text, { unsafe: false });
    expect(fixed.text).toBe(text.replace('[reviews, a.b, reviews, a.b]', '[reviews, a.b]'));
    expect(fixed.fixed.map(({ code }) => code)).toEqual(['IST0106', 'IST0106']);
  });
});

describe('a fix', () => {
  it('of text that an alias repeats is left out, and said so', async () => {
    const text = `${SERVICE}---\n${route('&d {host: reveiws}')}        - destination: *d\n`;
    const { text: after, problems } = await fixedText(text, { unsafe: true });
    expect(after).toBe(text);
    expect(problems).toMatchObject([{ code: 'FIX_NOT_APPLIED', severity: 'info', span: { line: 13 } }]);
    expect(problems[0]?.message).toContain('an alias elsewhere in the document repeats this text');
  });

  it('beside an anchor that nothing repeats is applied', async () => {
    const text = `${SERVICE}---\n${route('&d {host: reveiws} # reveiws')}`;
    expect((await fixedText(text, { unsafe: true })).text).toBe(text.replace('{host: reveiws}', '{host: reviews}'));
  });

  it('of several files is applied in each', async () => {
    const sources = [
      SERVICE,
      route('{host: reveiws}'),
      route('{host: reviwes}').replace('name: reviews', 'name: other'),
    ];
    const named = sources.map((text, index) => ({ name: `${index}.yaml`, text }));
    const fixed = await fixAll(named, { unsafe: true, code: 'IST0101' });
    expect(fixed.sources.map(({ text }) => text)).toEqual(
      sources.map((text) => text.replace(/rev(ei|iw)\w+/, 'reviews')),
    );
    expect(fixed.sources[0]).toBe(named[0]);
  });

  it('of a file that is not among the texts is left out', async () => {
    const source = { name: 'a.yaml', text: SERVICE };
    const [elsewhere] = (await judgeWith({})([{ name: 'b.yaml', text: SERVICE.replace('name: http', 'name: htpp') }]))
      .findings;
    const judge: Judge = async () => ({ findings: elsewhere === undefined ? [] : [elsewhere], problems: [] });
    const { sources, problems } = await fixSources([source], judge, { unsafe: true });
    expect(sources[0]).toBe(source);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('its file is not among the paths'),
    ]);
  });
});

describe('a fix that does harm is dropped and the others stay', () => {
  const text = 'a: one\nb: two\nc: three\n';
  const source: SourceText = { name: 'a.yaml', text };
  /** Every line below its first must be called `fixed`; the given text is written for it. */
  const judge =
    (written: Readonly<Record<string, string>>, broken = 'nothing'): Judge =>
    async ([only]) => {
      const lines = (only?.text ?? '').split('\n');
      const at = (line: number, column: number, endColumn: number) => ({
        file: 'a.yaml',
        line,
        column,
        endLine: line,
        endColumn,
      });
      const findings = lines.flatMap((line, index) =>
        line === '' || line.endsWith('fixed') || line.endsWith('kept')
          ? []
          : [
              {
                code: 'IST0101',
                level: 'error' as const,
                message: line,
                resource: undefined,
                origin: line.slice(0, 1),
                span: at(index + 1, 4, line.length + 1),
                labels: [],
                effect: undefined,
                hint: undefined,
                fix: {
                  title: 'write it',
                  isSafe: true,
                  edits: [{ span: at(index + 1, 4, line.length + 1), text: written[line.slice(0, 1)] ?? 'fixed' }],
                },
              },
            ],
      );
      const problems = (only?.text ?? '').includes(broken)
        ? [{ severity: 'error' as const, code: 'X', message: 'x' }]
        : [];
      return { findings, problems };
    };

  it.each([
    [
      'where the text no longer loads',
      { b: '[fixed' },
      'nothing',
      'a: fixed\nb: two\nc: fixed\n',
      'the rest would not read as before',
    ],
    ['where it brings an error', { b: 'kept' }, 'kept', 'a: fixed\nb: two\nc: fixed\n', 'it would bring a new error'],
    [
      'where the finding remains',
      { c: 'three' },
      'nothing',
      'a: fixed\nb: fixed\nc: three\n',
      'the finding would remain',
    ],
  ])('%s', async (_, written, broken, after, reason) => {
    const result = await fixSources([source], judge(written, broken), { unsafe: false });
    expect(result.sources[0]?.text).toBe(after);
    expect(result.problems.map(({ message }) => message)).toEqual([`IST0101 was not fixed (write it): ${reason}`]);
    expect(result.fixed).toHaveLength(2);
  });

  it('and a fix that never ends is given up', async () => {
    // Each round grows the text, and its new finding is another one.
    const endless: Judge = async ([only]) => {
      const end = (only?.text ?? '').length + 1;
      const span = { file: 'a.yaml', line: 1, column: 1, endLine: 1, endColumn: end };
      const fix = { title: 'write more', isSafe: true, edits: [{ span, text: `${only?.text}x` }] };
      const found = {
        code: 'IST0101',
        level: 'info' as const,
        message: `${end}`,
        resource: undefined,
        origin: `${end}`,
      };
      return { findings: [{ ...found, span, labels: [], effect: undefined, hint: undefined, fix }], problems: [] };
    };
    const { sources, fixed } = await fixSources([{ name: 'a.yaml', text: '- x' }], endless, { unsafe: false });
    expect(sources[0]?.text.length).toBe('- x'.length + fixed.length);
  });
});

const host = fc.constantFrom('reviews', 'reveiws', '"ratings"', "'ratigns'", 'reviews.default', 'shop.example.com');
const name = fc.constantFrom('http', 'htpp-web', 'grcp', 'web', '"tcp-x"');
const lines = (all: readonly string[], indent: string): string => all.map((line) => `${indent}${line}\n`).join('');
const service = fc.tuple(fc.constantFrom('reviews', 'ratings'), name).map(
  ([called, port]) => `apiVersion: v1
kind: Service # ${called}
metadata:
  name: ${called}
  annotations: {sidecar.istio.io/injct: "true", networking.istio.io/exportTo: "*"} # two
spec:
  ports: [{port: 80, name: ${port}}]
`,
);
const match = fc.constantFrom(
  '- uri: {prefix: /a} # a',
  '- uri: {"prefix": "/a"}',
  '- {uri: {prefix: /b}}',
  '- name: x\n        uri: {prefix: /a}',
);
const virtualService = fc
  .tuple(fc.array(host, { minLength: 1, maxLength: 4 }), host, fc.array(match, { maxLength: 4 }), fc.boolean())
  .map(
    ([hosts, destination, matches, isAnchored]) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routes}
spec:
  hosts:
${lines(
  hosts.map((one) => `- ${one}   # host`),
  '    ',
)}  http:
    - fault: {delay: {percent: 10, fixedDelay: 1s}}
${matches.length === 0 ? '' : `      match:\n${lines(matches, '      ')}`}      route: ${isAnchored ? '&r' : ''}
        - destination: {host: ${destination}}
${isAnchored ? '    - route: *r\n' : ''}`,
  );
const rule = host.map(
  (target) => `{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "d"},
 "spec": {"host": ${JSON.stringify(target.replaceAll(/["']/g, ''))}, "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}}
`,
);
const text = fc
  .tuple(fc.array(fc.oneof(service, virtualService, rule), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([documents, isWindows]) => documents.join('---\n').replaceAll('\n', isWindows ? '\r\n' : '\n'));

describe('fixing any configuration', () => {
  it('twice gives the bytes of once, and loads as well as before', async () => {
    let fixed = 0;
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (given, unsafe) => {
        const once = await fixedText(given, { unsafe });
        expect((await fixedText(once.text, { unsafe })).text).toBe(once.text);
        const load = (source: string) => loadYaml({ name: 'a.yaml', text: source });
        expect(load(once.text).problems).toEqual([]);
        expect(load(once.text).documents).toHaveLength(load(given).documents.length);
        fixed += once.fixed.length;
        if (!unsafe && once.fixed.length === 0) expect(once.text).toBe(given);
        expect(once.text.includes('\r\n')).toBe(given.includes('\r\n'));
        expect(/(?<!\r)\n/.test(once.text)).toBe(/(?<!\r)\n/.test(given));
      }),
      { numRuns: 60 },
    );
    expect(fixed).toBeGreaterThan(30);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finding } from '../../src/analysis/check.ts';
import type { Finding } from '../../src/analysis/finding.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { parseSuppression, suppress } from '../../src/analysis/suppress.ts';
import { casesOf } from './page-cases.ts';

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: shop
  namespace: web
spec:
  selector:
    istio: ingressgateway
`;

/** Finds `IST0101` at the value of `istio:` of every Gateway, and `IST0138` at the whole of it. */
const findIn = async (text: string) => {
  const source = { name: 'a.yaml', text };
  const { input, documents } = await loadInput([source]);
  const findings = input.mesh.of('Gateway').flatMap((gateway): readonly Finding[] => {
    const place = { in: gateway.object.spec?.selector ?? {}, key: 'istio' };
    return [
      finding('IST0101', gateway, { kind: 'selector', name: 'x' }, place),
      finding('IST0138', gateway, { gateways: 'x' }),
    ];
  });
  return { findings, sources: [source], documents, resources: input.mesh.resources };
};

const judge = async (text: string, flags: readonly string[] = []) => {
  const { findings, ...rest } = await findIn(text);
  const rules = flags.flatMap((one) => parseSuppression(one) ?? []);
  const { kept, suppressed, problems } = suppress(findings, { ...rest, rules, isLookedFor: () => true });
  return {
    kept: kept.map(({ code, span }) => `${code} ${span.line}`),
    suppressed: suppressed.map(({ finding: { code }, by, reason }) => `${code} ${by} ${reason}`),
    problems: problems.map(({ message }) => message),
  };
};

describe('a comment heddle-ignore', () => {
  it('silences its own line, for the reason behind --', async () => {
    const text = GATEWAY.replace('ingressgateway', 'ingressgateway # heddle-ignore IST0101 -- until -- spring');
    expect(await judge(text)).toEqual({
      kept: ['IST0138 1'],
      suppressed: ['IST0101 comment until -- spring'],
      problems: [],
    });
  });

  it('on a line of its own silences the next line with content', async () => {
    const text = GATEWAY.replace('    istio:', '    # heddle-ignore ist0101\n    # another comment\n\n    istio:');
    expect(await judge(text)).toMatchObject({ kept: ['IST0138 1'], suppressed: ['IST0101 comment undefined'] });
  });

  it('above a document silences what is said of the whole object', async () => {
    expect(await judge(`# heddle-ignore IST0138\n---\n${GATEWAY}`)).toMatchObject({
      kept: ['IST0101 10'],
      suppressed: ['IST0138 comment undefined'],
    });
  });

  it('takes several codes, and each that silences nothing is reported', async () => {
    const text = GATEWAY.replace('ingressgateway', 'ingressgateway # heddle-ignore IST0101,IST0102 , NOPE');
    expect(await judge(text)).toMatchObject({ kept: ['IST0138 1', 'HED0001 8', 'HED0001 8'] });
  });

  it('says of all codes that do not exist one thing, however many there are', async () => {
    const codes = Array.from({ length: 100_000 }, (_, at) => `NOPE${at}`).join(',');
    const text = GATEWAY.replace('ingressgateway', `ingressgateway # heddle-ignore ${codes}`);
    expect((await judge(text)).kept).toEqual(['IST0101 8', 'IST0138 1', 'HED0001 8']);
  });

  it('without a code is reported and silences nothing', async () => {
    const text = GATEWAY.replace('ingressgateway', 'ingressgateway # heddle-ignore');
    expect(await judge(text)).toMatchObject({ kept: ['IST0101 8', 'IST0138 1', 'HED0001 8'], suppressed: [] });
  });

  it('inside a value is no comment', async () => {
    const text = GATEWAY.replace('ingressgateway', 'a#heddle-ignore IST0101');
    expect(await judge(text)).toMatchObject({ kept: ['IST0101 8', 'IST0138 1'] });
  });

  it.each([
    ['a block', '  annotations:\n    note: |\n      a\n      # heddle-ignore IST0138\n      b\n'],
    ['a folded block that ends the mapping', '  annotations:\n    note: >-\n      # heddle-ignore IST0138\n'],
    ['quotes', '  annotations: {note: "a # heddle-ignore IST0138"}\n'],
    ['quotes of several lines', '  annotations:\n    note: "a\n      # heddle-ignore IST0138\n      b"\n'],
    ['a block that is aliased', '  annotations:\n    a: &a |\n      # heddle-ignore IST0138\n    b: *a\n'],
  ])('in %s is text', async (_where, lines) => {
    const text = GATEWAY.replace('spec:\n', `${lines}spec:\n`);
    const { kept } = await judge(text);
    expect(kept.map((one) => one.slice(0, 7))).toEqual(['IST0101', 'IST0138']);
  });

  it.each([
    ['a block', '    note: | # heddle-ignore\n      a # heddle-ignore\n'],
    ['quotes', '    note: "a # heddle-ignore" # heddle-ignore\n'],
  ])('behind the header of %s is one', async (_what, lines) => {
    const { kept } = await judge(GATEWAY.replace('spec:\n', `  annotations:\n${lines}spec:\n`));
    expect(kept.filter((one) => one.startsWith('HED'))).toEqual(['HED0001 7']);
  });

  it('without the reason that is required is reported and silences nothing', async () => {
    const text = GATEWAY.replace('ingressgateway', 'ingressgateway # heddle-ignore IST0101');
    const { findings, ...rest } = await findIn(text);
    const options = { ...rest, rules: [], isLookedFor: () => true, isReasonRequired: true };
    const { kept, suppressed } = suppress(findings, options);
    expect(suppressed).toEqual([]);
    expect(kept.map(({ code }) => code)).toEqual(['IST0101', 'IST0138', 'HED0001']);
    expect(kept[2]?.message).toContain('it gives no reason');
  });

  it('costs no more than its line even a hundred thousand times', async () => {
    const text = `${'# heddle-ignore IST0101\n'.repeat(100_000)}${GATEWAY}`;
    expect((await judge(text)).kept).toHaveLength(100_002);
  });
});

describe('the annotation galley.istio.io/analyze-suppress', () => {
  const annotate = (codes: string): string =>
    GATEWAY.replace('spec:', `  annotations:\n    galley.istio.io/analyze-suppress: "${codes}"\nspec:`);

  it('silences the codes of its list wherever they stand in the object, blanks or not', async () => {
    expect(await judge(annotate('IST0101, IST0138'))).toMatchObject({
      kept: [],
      suppressed: ['IST0101 annotation undefined', 'IST0138 annotation undefined'],
    });
  });

  it('silences everything with *', async () => {
    expect(await judge(annotate('*'))).toMatchObject({ kept: [] });
  });

  it('silences no other object', async () => {
    const other = GATEWAY.replace('name: shop', 'name: other');
    expect(await judge(`${annotate('*')}---\n${other}`)).toMatchObject({ kept: ['IST0101 19', 'IST0138 12'] });
  });
});

describe('a rule of the command line', () => {
  it.each(['IST0101=Gateway web/shop', 'IST0101=Gateway shop.web', 'ist0101=Gateway */shop', '*=Gateway shop.*'])(
    '%s silences Gateway web/shop',
    async (rule) => {
      expect((await judge(GATEWAY, [rule])).suppressed).toContain('IST0101 flag undefined');
    },
  );

  it('that fits nothing is told', async () => {
    expect(await judge(GATEWAY, ['IST0101=Gateway shop/web'])).toMatchObject({
      kept: ['IST0101 8', 'IST0138 1'],
      problems: ['-S IST0101=Gateway shop/web suppresses no finding'],
    });
  });

  it.each(['IST0101', '=Gateway a/b', 'IST0101=', ''])('%j is none', (text) => {
    expect(parseSuppression(text)).toBeUndefined();
  });
});

describe('what is unused', () => {
  it('is not said of codes that were not looked for', async () => {
    const { findings, ...rest } = await findIn(GATEWAY.replace('ingressgateway', 'x # heddle-ignore IST0102'));
    const { kept } = suppress(findings, { ...rest, rules: [], isLookedFor: (code) => code !== 'IST0102' });
    expect(kept.map(({ code }) => code)).toEqual(['IST0101', 'IST0138']);
  });

  const page = readFileSync(join(import.meta.dirname, '../../src/analysis/suppress.md'), 'utf8');
  it.each(casesOf(page).map((one) => [one.title, one] as const))('page: %s', async (_title, { yaml, expected }) => {
    const source = { name: 'case.yaml', text: yaml };
    const { input, documents } = await loadInput([source]);
    const { resources } = input.mesh;
    const options = { sources: [source], documents, resources, rules: [], isLookedFor: () => true };
    const { kept } = suppress([], options);
    expect(kept.map(({ span, level, code }) => `${span.line} ${level}: ${code}`)).toEqual(expected);
  });
});

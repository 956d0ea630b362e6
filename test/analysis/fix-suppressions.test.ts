import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { fixSources, type Judge } from '../../src/analysis/fix.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { suppress } from '../../src/analysis/suppress.ts';

const judge: Judge = async (sources) => {
  const { input, documents, problems } = await loadInput(sources);
  const options = { sources, documents, resources: input.mesh.resources, rules: [], isLookedFor: () => true };
  return { findings: suppress(runChecks(CHECKS, input), options).kept, problems };
};

const fixed = async (text: string, unsafe = false): Promise<string> =>
  (await fixSources([{ name: 'a.yaml', text }], judge, { unsafe })).sources[0]?.text ?? '';

const service = (more: string): string => `apiVersion: v1\nkind: Service\nmetadata:\n  name: reviews\n${more}`;

describe('a suppression that silences nothing', () => {
  it.each([
    [
      'on a line of its own',
      '  # heddle-ignore IST0101 -- old\nspec: {ports: [{port: 80, name: http}]}\n',
      'spec: {ports: [{port: 80, name: http}]}\n',
    ],
    [
      'behind a value',
      'spec: {ports: [{port: 80, name: http}]}  # heddle-ignore IST0101\n',
      'spec: {ports: [{port: 80, name: http}]}\n',
    ],
    [
      'without a code',
      'spec: {ports: [{port: 80, name: http}]} # heddle-ignore\r\n',
      'spec: {ports: [{port: 80, name: http}]}\r\n',
    ],
    [
      'beside one that does',
      '# heddle-ignore IST0101, IST0118, IST0102 -- later\nspec: {ports: [{port: 80, name: web}]}\n',
      '# heddle-ignore IST0118 -- later\nspec: {ports: [{port: 80, name: web}]}\n',
    ],
    [
      'in the list of an annotation',
      '  annotations:\n    galley.istio.io/analyze-suppress: IST0101,IST0118 # x\nspec: {ports: [{port: 80, name: web}]}\n',
      '  annotations:\n    galley.istio.io/analyze-suppress: IST0118 # x\nspec: {ports: [{port: 80, name: web}]}\n',
    ],
    [
      'as the only annotation',
      '  annotations:\n    galley.istio.io/analyze-suppress: "IST0101"\nspec: {ports: [{port: 80, name: http}]}\n',
      'spec: {ports: [{port: 80, name: http}]}\n',
    ],
  ])('is removed %s', async (_, before, after) => {
    expect(await fixed(service(before))).toBe(service(after));
  });

  it('is left alone where it is text', async () => {
    const text = service(
      '  annotations:\n    notes: |\n      # heddle-ignore IST0101\nspec: {ports: [{port: 80, name: http}]}\n',
    );
    expect(await fixed(text)).toBe(text);
  });
});

describe('a finding that is suppressed', () => {
  it('is not fixed', async () => {
    const text = service('spec: {ports: [{port: 80, name: htpp}]} # heddle-ignore IST0118 -- the name is known\n');
    expect(await fixed(text, true)).toBe(text);
    expect(await fixed(text.replace(/ # .*/, ''), true)).toContain('name: http}');
  });
});

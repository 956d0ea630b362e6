import { describe, expect, it } from 'vitest';
import {
  applyBaseline,
  baselineOf,
  printBaseline,
  pruneBaseline,
  readBaseline,
  renewBaseline,
} from '../../src/analysis/baseline.ts';
import { findingAt } from '../../src/analysis/check.ts';
import type { Finding } from '../../src/analysis/finding.ts';

const at = (file: string, line: number, name = 'a'): Finding =>
  findingAt(
    'IST0101',
    'Gateway web/shop',
    { kind: 'selector', name },
    {
      span: { file, line, column: 1, endLine: line, endColumn: 2 },
    },
  );

const same = (file: string): string => file;

const kept = (known: readonly Finding[], found: readonly Finding[]): readonly string[] => {
  const baseline = readBaseline(JSON.parse(printBaseline(baselineOf(known, same))));
  if (baseline === undefined) throw new Error('the baseline cannot be read back');
  return applyBaseline(found, baseline, same).kept.map(({ span }) => `${span.file}:${span.line}`);
};

describe('a baseline', () => {
  it('takes out what it knows, on whatever line it stands now', () => {
    expect(kept([at('a.yaml', 1)], [at('a.yaml', 90)])).toEqual([]);
  });

  it('keeps what is new: another file, another message, one more of the same', () => {
    expect(kept([at('a.yaml', 1)], [at('b.yaml', 1)])).toEqual(['b.yaml:1']);
    expect(kept([at('a.yaml', 1)], [at('a.yaml', 1, 'b')])).toEqual(['a.yaml:1']);
    expect(kept([at('a.yaml', 1)], [at('a.yaml', 1), at('a.yaml', 2)])).toEqual(['a.yaml:2']);
  });

  it('tells of what is gone', () => {
    const { problems } = applyBaseline([], baselineOf([at('a.yaml', 1), at('a.yaml', 2)], same), same);
    expect(problems.map(({ message }) => message)).toEqual(['2 findings of the baseline are gone: a.yaml IST0101 (2)']);
  });

  it('is pruned of what is gone, and of nothing that the run did not look at', () => {
    const before = baselineOf([at('a.yaml', 1), at('a.yaml', 2), at('a.yaml', 3, 'b'), at('b.yaml', 1)], same);
    const now = baselineOf([at('a.yaml', 9), at('c.yaml', 1)], same);
    const pruned = pruneBaseline(before, now, (file) => file !== 'b.yaml');
    expect(printBaseline(pruned)).toBe(printBaseline(baselineOf([at('a.yaml', 1), at('b.yaml', 1)], same)));
    expect(printBaseline(pruneBaseline(before, now, () => true))).toBe(
      printBaseline(baselineOf([at('a.yaml', 1)], same)),
    );
  });

  it('is renewed by what is there, and keeps what the run did not look at', () => {
    const before = baselineOf([at('a.yaml', 1), at('b.yaml', 1)], same);
    const now = baselineOf([at('c.yaml', 1)], same);
    const renewed = renewBaseline(before, now, (file) => file !== 'b.yaml');
    expect(printBaseline(renewed)).toBe(printBaseline(baselineOf([at('b.yaml', 1), at('c.yaml', 1)], same)));
  });

  it('is silent about what is gone from files that were not looked at', () => {
    const known = baselineOf([at('a.yaml', 1), at('b.yaml', 1)], same);
    const [problem] = applyBaseline([], known, same, (file) => file === 'b.yaml').problems;
    expect(problem?.message).toBe('1 finding of the baseline is gone: b.yaml IST0101');
  });

  it('is the same text whatever the order of the findings', () => {
    const findings = [at('b.yaml', 1), at('a.yaml', 1), at('__proto__', 1), at('a.yaml', 2, 'b')];
    const text = printBaseline(baselineOf(findings, same));
    expect(printBaseline(baselineOf(findings.toReversed(), same))).toBe(text);
    expect(kept(findings, findings)).toEqual([]);
    expect(text).toContain('"__proto__"');
  });

  it.each([
    [[]],
    [{ kind: 'Other', files: {} }],
    [{ kind: 'Baseline', files: { a: { IST0101: { f: 0 } } } }],
    [{ kind: 'Baseline', files: { a: { IST0101: { f: '1' } } } }],
    [null],
  ])('is not read from %j', (json) => {
    expect(readBaseline(json)).toBeUndefined();
  });
});

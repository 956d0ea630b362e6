import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../src/cli/analysis/fix-diff.ts';

/** Applies a diff as `patch` would, by the line numbers of its hunks, and checks every line that it says is there. */
const patch = (before: string, diff: readonly string[]): string => {
  const source = before === '' ? [] : before.split(/(?<=\n)/);
  const result: string[] = [];
  let at = 0;
  for (const [index, line] of diff.entries()) {
    if (index < 2 || line.startsWith('\\')) continue;
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      result.push(...source.slice(at, start));
      at = start;
      continue;
    }
    const text = line.slice(1) + (diff[index + 1]?.startsWith('\\') ? '' : '\n');
    if (!line.startsWith('+')) expect(source[at++]).toBe(text);
    if (!line.startsWith('-')) result.push(text);
  }
  return result.join('') + source.slice(at).join('');
};

describe('a diff', () => {
  it('shows three lines around a change', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\n';
    expect(unifiedDiff('x.yaml', before, before.replace('e', 'E'))).toEqual([
      ...['--- x.yaml', '+++ x.yaml', '@@ -2,7 +2,7 @@', ' b', ' c', ' d', '-e', '+E', ' f', ' g', ' h'],
    ]);
  });

  it('says where the last line has no break', () => {
    expect(unifiedDiff('x', 'a', 'b').slice(2)).toEqual([
      ...['@@ -1 +1 @@', '-a', '\\ No newline at end of file', '+b', '\\ No newline at end of file'],
    ]);
  });

  it('has no line for equal texts', () => {
    expect(unifiedDiff('x', 'a\n', 'a\n')).toEqual([]);
  });

  it('leads from one text to the other', () => {
    const line = fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', '- d\n', '+e\n');
    const text = fc
      .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('', 'end'))
      .map(([all, end]) => all.join('') + end);
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patch(before, unifiedDiff('x', before, after))).toBe(after);
      }),
    );
  });

  it('of many changes stays short', () => {
    const before = Array.from({ length: 4000 }, (_, index) => `name: ${index}\nold: x\nsame: y\n`).join('');
    const after = before.replaceAll('old: x\n', 'new: x\nmore: z\n');
    const diff = unifiedDiff('x', before, after);
    expect(patch(before, diff)).toBe(after);
    expect(diff.filter((line) => /^[-+](?![-+])/.test(line))).toHaveLength(3 * 4000);
  });

  it('of texts that have nothing in common is still whole', () => {
    const before = Array.from({ length: 4000 }, (_, index) => `a${index}\n`).join('');
    const after = before.replaceAll('a', 'b');
    expect(patch(before, unifiedDiff('x', before, after))).toBe(after);
  });
});

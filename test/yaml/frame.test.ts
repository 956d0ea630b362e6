import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/base/span.ts';
import { codeFrame } from '../../src/yaml/frame.ts';

const text = 'spec:\n  http:\n  - route:\n    - destination:\n        host: productpge\n';
const source = { name: 'gateway.yaml', text };
const spanAt = (line: number, column: number, endColumn: number, endLine = line): Span => ({
  file: 'gateway.yaml',
  line,
  column,
  endLine,
  endColumn,
});

describe('a code frame', () => {
  it('shows place, title, two lines of context, carets and label', () => {
    const options = { title: 'VirtualService default/bookinfo', label: 'no such host' };
    expect(codeFrame(source, spanAt(5, 15, 25), options)).toBe(
      [
        ' ╭─[gateway.yaml:5:15]  VirtualService default/bookinfo',
        ' │',
        '3│  - route:',
        '4│    - destination:',
        '5│        host: productpge',
        ' │              ^^^^^^^^^^ no such host',
      ].join('\n'),
    );
  });

  it('has no context above the first line and at least one caret', () => {
    expect(codeFrame(source, spanAt(1, 1, 1))).toBe([' ╭─[gateway.yaml:1:1]', ' │', '1│spec:', ' │^'].join('\n'));
  });

  it('marks a span of several lines to the end of its first', () => {
    expect(
      codeFrame(source, spanAt(2, 3, 9, 4), { contextLines: 0 })
        .split('\n')
        .slice(2),
    ).toEqual(['2│  http:', ' │  ^^^^^']);
  });

  it('aligns line numbers of different width', () => {
    const lines = { name: 'a.yaml', text: 'x: 1\n'.repeat(12) };
    expect(codeFrame(lines, spanAt(10, 4, 5)).split('\n')).toEqual([
      '  ╭─[gateway.yaml:10:4]',
      '  │',
      ' 8│x: 1',
      ' 9│x: 1',
      '10│x: 1',
      '  │   ^',
    ]);
  });

  it('clips long lines around the mark', () => {
    const long = { name: 'a.yaml', text: `key: ${'x'.repeat(300)}TARGET${'y'.repeat(300)}` };
    const [, , line, carets] = codeFrame(long, spanAt(1, 306, 312), { width: 30 }).split('\n');
    expect(line).toBe(`1│…${'x'.repeat(19)}TARGETyyy…`);
    expect(carets).toBe(` │${' '.repeat(20)}^^^^^^`);
  });

  it('keeps carets in place behind tabs and cannot move the terminal’s cursor', () => {
    const tabs = { name: 'a.yaml', text: '{\t"a": \u001b[2Jx}' };
    expect(
      codeFrame(tabs, spanAt(1, 8, 13))
        .split('\n')
        .slice(2),
    ).toEqual(['1│{  "a": ·[2Jx}', ' │        ^^^^^']);
  });

  it('decorates the parts the caller gives a style for', () => {
    const style = {
      gutter: (part: string) => `<${part}>`,
      location: (part: string) => `(${part})`,
      mark: (part: string) => part.toUpperCase(),
    };
    expect(codeFrame(source, spanAt(1, 1, 5), { style, label: 'why' }).split('\n')).toEqual([
      ' <╭─>([gateway.yaml:1:1])',
      ' <│>',
      '<1│>spec:',
      ' <│>^^^^ WHY',
    ]);
  });
});

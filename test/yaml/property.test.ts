import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/base/span.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { spanOf } from '../../src/yaml/located.ts';
import { printYaml } from '../../src/yaml/print.ts';

const anyJson = fc.jsonValue({ maxDepth: 5, noUnicodeString: false });
/** Texts that readers of YAML like to take for something else. */
const trickyText = fc.oneof(
  fc.string(),
  fc.constantFrom('yes', 'n', '~', '', '014', '0o14', '1_000', '.5', '.inf', '<<', '12:30', '2020-01-01', '1e3', '-'),
  fc.constantFrom(
    'a: b',
    '# c',
    'x #y',
    '- x',
    '? x',
    '[a',
    '{a',
    '*a',
    '&a',
    '!a',
    '|',
    '%a',
    '@a',
    ' a ',
    'a\n',
    '\na',
  ),
  fc.constantFrom(
    'a\n\n b\n',
    '\t',
    'a\tb',
    '---',
    '...',
    '\u007f',
    '\u0085',
    '\u2028',
    '\ufeff',
    '__proto__',
    ':',
    'a:',
  ),
);
const trickyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    trickyText,
    fc.constantFrom(0, -1, 1.5, 1e21, 1e-7, 9007199254740991, true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(trickyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Own keys sorted and numbers by value, so that values compare whatever made them. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
};

/** Lines end where the loader says they do; the texts below have LF only, apart from what is escaped. */
const slice = (text: string, span: Span): string => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const offset = (line: number, column: number): number => (starts[line - 1] ?? 0) + column - 1;
  return text.slice(offset(span.line, span.column), offset(span.endLine, span.endColumn));
};

interface Piece {
  readonly text: string;
  readonly value: unknown;
}

/** Every key and scalar of a loaded value with the text its span covers, and every container with its own. */
const pieces = (text: string, value: unknown): readonly Piece[] => {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  const found: Piece[] = [];
  for (const key of keys) {
    const item: unknown = Reflect.get(value, key);
    const span = spanOf(value, key);
    if (span === undefined) throw new Error(`no span for ${String(key)}`);
    found.push({ text: slice(text, span), value: item }, ...pieces(text, item));
    const keySpan = typeof key === 'string' ? spanOf(value, key, 'key') : undefined;
    if (keySpan !== undefined) found.push({ text: slice(text, keySpan), value: key });
  }
  return found;
};

const load = (text: string): unknown => {
  const { documents, problems } = loadYaml({ name: 'any.yaml', text });
  expect(problems).toEqual([]);
  return documents[0]?.value ?? null;
};

const checkJson = (value: unknown, indent: number | string): void => {
  const text = JSON.stringify(value, null, indent);
  const loaded = load(text);
  expect(canonical(loaded)).toBe(canonical(JSON.parse(text)));
  for (const piece of pieces(text, loaded)) expect(canonical(JSON.parse(piece.text))).toBe(canonical(piece.value));
};

// Block texts whose reading depends on their surroundings: an explicit indentation, or kept blank lines behind them.
const DEPENDS_ON_PLACE = /^[|>][-+]?[0-9+]/;

describe('for any JSON value', () => {
  it('JSON text loads as that value, and every span covers its own JSON', () => {
    fc.assert(
      fc.property(fc.oneof(anyJson, trickyJson), fc.constantFrom(0, 1, 2, '\t'), (value, indent) => {
        checkJson(value, indent);
      }),
      { numRuns: 400 },
    );
  });

  it('printed YAML loads as that value, and every span of a scalar covers text that reads as it', () => {
    fc.assert(
      fc.property(fc.oneof(anyJson, trickyJson), (value) => {
        const text = printYaml(value);
        const loaded = load(text);
        expect(canonical(loaded)).toBe(canonical(JSON.parse(JSON.stringify(value))));
        for (const piece of pieces(text, loaded)) {
          if (typeof piece.value === 'object' || DEPENDS_ON_PLACE.test(piece.text)) continue;
          expect(canonical(load(`- ${piece.text}\n`))).toBe(canonical([piece.value]));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('a stream of them loads as all of them, wherever the lines end', () => {
    fc.assert(
      fc.property(
        fc.array(
          trickyJson.filter((value) => value !== null),
          { maxLength: 5 },
        ),
        fc.constantFrom('\n', '\r\n'),
        (values, lineEnd) => {
          const text = values.map(
            (value) => `---${lineEnd}${JSON.stringify(value, null, 2).replaceAll('\n', lineEnd)}${lineEnd}`,
          );
          const { documents, problems } = loadYaml({ name: 'any.yaml', text: text.join('') });
          expect(problems).toEqual([]);
          expect(canonical(documents.map((document) => document.value))).toBe(
            canonical(JSON.parse(JSON.stringify(values))),
          );
        },
      ),
    );
  });

  it('any text at all loads or is refused, and never throws', () => {
    const fragment = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '? ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|',
      '>',
      '&a',
      '*a',
      '!t',
      '#',
      '---',
      '...',
      '%',
      '<<',
      '\t',
      '\r',
      '\ufeff',
      '1',
      '.',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        const { documents, problems } = loadYaml({ name: 'any.yaml', text });
        for (const document of documents) pieces(text, document.value);
        for (const problem of problems) expect(problem.span?.line).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });
});

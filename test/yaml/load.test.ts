import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/base/span.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { copyPosition, spanOf } from '../../src/yaml/located.ts';

const load = (text: string) => loadYaml({ name: 'mesh.yaml', text });

const first = (text: string): Record<string, unknown> => {
  const { documents, problems } = load(text);
  expect(problems).toEqual([]);
  return documents[0]?.value as Record<string, unknown>;
};

const at = (span: Span | undefined): string =>
  span === undefined ? 'nowhere' : `${span.line}:${span.column}-${span.endLine}:${span.endColumn}`;

const codes = (text: string): readonly string[] => load(text).problems.map((problem) => problem.code);

describe('documents of a stream', () => {
  it('are counted without the empty ones', () => {
    const { documents } = load('---\n# nothing\n---\na: 1\n---\n---\nnull\n---\nb: 2\n');
    expect(documents.map((document) => [document.index, document.value])).toEqual([
      [0, { a: 1 }],
      [1, { b: 2 }],
    ]);
  });

  it('survive a broken neighbour, whose open bracket or quote is reported', () => {
    const { documents, problems } = load('a: 1\n---\nb: [1\n---\nc: "x\n---\nd: 4\n');
    expect(documents.map((document) => [document.index, document.value])).toEqual([
      [0, { a: 1 }],
      [3, { d: 4 }],
    ]);
    expect(problems.map((problem) => [problem.code, problem.span?.line])).toEqual([
      ['YAML_SYNTAX', 3],
      ['YAML_SYNTAX', 5],
    ]);
  });

  it('are not cut at a marker that is indented, quoted behind other text, or longer', () => {
    expect(first('a: |\n  ---\n  x\nb: "--- y"\nc: ----\n')).toEqual({ a: '---\nx\n', b: '--- y', c: '----' });
  });

  it('may begin on the line of their marker and end with three dots', () => {
    const { documents, problems } = load('--- {a: 1}\n...\n# between\n--- # why\nb: 2\n...\nc: 3\n');
    expect(problems).toEqual([]);
    expect(documents.map((document) => document.value)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('keep the directives written before them', () => {
    const { documents, problems } = load('a: 1\n...\n%TAG !k! tag:yaml.org,2002:\n--- \nb: !k!str 12\n');
    expect(problems).toEqual([]);
    expect(documents.map((document) => document.value)).toEqual([{ a: 1 }, { b: '12' }]);
    expect(documents[1]?.startOffset).toBe(8);
  });

  it('may each begin with a byte order mark, which is no column', () => {
    const { documents, problems } = load('\uFEFFa: 1\n---\nb: 2\n');
    expect(problems).toEqual([]);
    expect(at(documents[0]?.span)).toBe('1:1-1:5');
    expect(load('\uFEFF---\na: 1\n\uFEFF---\nb: 2\n').documents).toHaveLength(2);
  });

  it('span their value, not the comments before it', () => {
    const { documents } = load('# licence\n---\n# why\nkind: X\nspec: {}\n# after\n');
    expect(at(documents[0]?.span)).toBe('4:1-5:9');
  });
});

describe('positions', () => {
  it('are those of keys, values and containers', () => {
    const value = first('kind: Service\nspec:\n  ports:\n  - port: 80\n    name: "http"\n');
    const spec = value['spec'] as { ports: Record<string, unknown>[] };
    const port = spec.ports[0] as object;
    expect(at(spanOf(value, 'kind', 'key'))).toBe('1:1-1:5');
    expect(at(spanOf(value, 'kind'))).toBe('1:7-1:14');
    expect(at(spanOf(value, 'spec'))).toBe('3:3-5:17');
    expect(at(spanOf(spec.ports, 0))).toBe('4:5-5:17');
    expect(at(spanOf(port))).toBe('4:5-5:17');
    expect(at(spanOf(port, 'name'))).toBe('5:11-5:17');
  });

  it('count columns rightly in files with CRLF and lone CR line ends', () => {
    expect(at(spanOf(first('a: 1\r\nb:\r\n  c: two\r\n')['b'] as object, 'c'))).toBe('3:6-3:9');
    expect(at(spanOf(first('a: 1\rb: two\r'), 'b'))).toBe('2:4-2:7');
  });

  it('of a block text begin at its indicator and end with its last line', () => {
    const value = first('a: # | no\n  !!str &x |- # yes\n    one\n    two\n\nb: >\n  x\n');
    expect(at(spanOf(value, 'a'))).toBe('2:12-4:8');
    expect(at(spanOf(value, 'b'))).toBe('6:4-7:4');
  });

  it('of what is not written follow the colon or dash that called for it', () => {
    const value = first('a:\nb: # none\nc:\n  -\n  - x\nd: {e, f: }\n');
    expect(at(spanOf(value, 'a'))).toBe('1:3-1:3');
    expect(at(spanOf(value, 'b'))).toBe('2:3-2:3');
    expect(at(spanOf(value['c'] as object, 0))).toBe('4:4-4:4');
    expect(at(spanOf(value['d'] as object, 'f'))).toBe('6:10-6:10');
  });

  it('of flow collections include their brackets', () => {
    const value = first('a: [ {x: 1} , [ ], b: c , # note\n  ]\nd: {}\n');
    const list = value['a'] as object[];
    expect(at(spanOf(value, 'a'))).toBe('1:4-2:4');
    expect(at(spanOf(list, 0))).toBe('1:6-1:12');
    expect(at(spanOf(list, 1))).toBe('1:15-1:18');
    expect(at(spanOf(list, 2))).toBe('1:20-1:24');
    expect(at(spanOf(value, 'd'))).toBe('3:4-3:6');
  });

  it('of an alias are its own in its parent, while the shared container keeps the anchor’s', () => {
    const value = first('a: &x {b: 1}\nc: *x\n');
    expect(at(spanOf(value, 'c'))).toBe('2:4-2:6');
    expect(at(spanOf(value['c'] as object))).toBe('1:7-1:13');
  });

  it('fall back to the container for keys that are not in the text', () => {
    const value = first('a: {b: 1}\nc: 2\n');
    expect(at(spanOf(value, 'absent'))).toBe('1:1-2:5');
    expect(at(spanOf(value['a'] as object, 7))).toBe('1:4-1:10');
    expect(spanOf({})).toBeUndefined();
  });

  it('are found in mappings of any size and for the last of equal keys', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}: ${index}`).join('\n');
    const value = load(`${keys}\nk3: again\n`).documents[0]?.value as object;
    expect(at(spanOf(value, 'k39'))).toBe('40:6-40:8');
    expect(at(spanOf(value, 'k3'))).toBe('41:5-41:10');
    expect(at(spanOf(value, '7'))).toBe('1:1-41:10');
  });

  it('can be carried to a derived container', () => {
    const value = first('a: 1\nb: 2\n');
    const derived = { ...value, added: true };
    copyPosition(value, derived);
    expect(at(spanOf(derived, 'b'))).toBe('2:4-2:5');
    expect(at(spanOf(derived, 'added'))).toBe('1:1-2:5');
  });
});

describe('lines inside quotes and brackets', () => {
  it('may be indented anyhow, as Kubernetes has it, and keep their positions', () => {
    const text = `spec:
  args: [
    "a # b", 'it''s
    two', # why ]
    x
    y,
  # note {
    {b: 1,
  c: [
]}, "\\
    z"
  ]
  text: "one

  two"
  script: |
    say "hello [
  'other': 3
`;
    const spec = first(text)['spec'] as { args: object[] };
    expect(spec).toEqual({
      args: ['a # b', "it's two", 'x y', { b: 1, c: [] }, 'z'],
      text: 'one\ntwo',
      script: 'say "hello [\n',
      other: 3,
    });
    expect(
      [spanOf(spec, 'args'), spanOf(spec.args, 1), spanOf(spec.args, 2), spanOf(spec.args[3] ?? {}, 'c')].map(at),
    ).toEqual(['2:9-12:4', '3:14-4:9', '5:5-6:6', '9:6-10:2']);
    expect(at(spanOf(spec, 'text'))).toBe('13:9-15:7');
  });

  it('cannot continue a text behind a comment', () => {
    expect(codes('a: [x # c\ny]\n')).toEqual(['YAML_SYNTAX']);
  });
});

describe('mappings', () => {
  it('inherit nothing, so that a label may have any name', () => {
    const value = first('__proto__: {polluted: 1}\nconstructor: x\nlabels: {}\n');
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'labels']);
    const labels = value['labels'] as Record<string, unknown>;
    const inherited = ['toString', 'constructor', '__proto__'].filter((key) => labels[key] !== undefined);
    expect(inherited).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(Object.prototype, 'polluted')).toBeUndefined();
  });

  it('report a key written twice at its second place, and take the last value', () => {
    const { documents, problems } = load('a: 1\nb: {c: 1, c: 2}\n"a": 3\n');
    expect(documents[0]?.value).toEqual({ a: 3, b: { c: 2 } });
    expect(problems.map((problem) => [problem.code, problem.severity, at(problem.span)])).toEqual([
      ['YAML_DUPLICATE_KEY', 'error', '2:11-2:12'],
      ['YAML_DUPLICATE_KEY', 'error', '3:1-3:4'],
    ]);
    expect(documents[0]?.problems).toEqual(problems);
  });

  it('may override what << merged without a report', () => {
    expect(first('base: &x {a: 1, b: 2}\nmore: {<<: *x, b: 3}\n')['more']).toEqual({ a: 1, b: 3 });
  });
});

describe('JSON', () => {
  it('loads with tabs, escapes and positions', () => {
    const value = first('{\n\t"kind": "List",\n\t"items": [\n\t\t{"a\\u0062": "x\\/y\\ud83d\\ude00"}\n\t]\n}\n');
    expect(value).toEqual({ kind: 'List', items: [{ ab: 'x/y😀' }] });
    expect(at(spanOf(value, 'kind'))).toBe('2:10-2:16');
    expect(at(spanOf((value['items'] as object[])[0] as object, 'ab'))).toBe('4:15-4:33');
  });

  it('may be written without blanks', () => {
    expect(first('{"a":[1,{"b":{}}],"c":-1.5e3,"d":null}')).toEqual({ a: [1, { b: {} }], c: -1500, d: null });
  });
});

describe('values that cannot be stored', () => {
  it('are reported and become null', () => {
    const { documents, problems } = load('a: .inf\nb: .nan\n');
    expect(documents[0]?.value).toEqual({ a: null, b: null });
    expect(problems.map((problem) => [problem.code, at(problem.span)])).toEqual([
      ['YAML_VALUE', '1:4-1:8'],
      ['YAML_VALUE', '2:4-2:8'],
    ]);
  });

  it.each([
    ['a: !!int abc\n', 'YAML_VALUE'],
    ['a: *x\n', 'YAML_ALIAS'],
    ['a: &x [*x]\n', 'YAML_ALIAS'],
    ['a: {{ x }}\n', 'YAML_KEY'],
    ['~: 1\n', 'YAML_KEY'],
    ['a: {<<: 1}\n', 'YAML_MERGE'],
  ])('leave the document out: %j is %s', (text, code) => {
    expect(load(text).documents).toEqual([]);
    expect(codes(text)).toEqual([code]);
  });
});

describe('syntax errors', () => {
  it.each([
    ['a:\n\t- b\n', 'a tab is used for indentation', 2],
    ['a:\n  b: 1\n c: 2\n', 'the indentation does not fit the lines above', 3],
    ['- a\nb: c\n', 'the indentation does not fit the lines above', 2],
    ['a: b\n c: d\n', 'this ":" comes in a text that began on a line above', 2],
    ['a:b\nc: d\n', 'this ":" comes in a text that began on a line above', 2],
    ['a: b: c\n', 'a second ":" on this line', 1],
    ['a: @x\n', 'a text cannot begin with @', 1],
    ['a: "b" c\n', 'something follows a closing quote or bracket', 1],
    ['a: b\n}\n', 'no bracket is open for this }', 2],
    ['a: - b\n', 'a list begins on the line of its key', 1],
    ['a: x\nb\nc: d\n', 'a line of this mapping has no ":"', 3],
    ['a: 1\nb: [c\nd: e\n', 'this bracket or quote is never closed', 2],
    ['a: "b\nc: d\n', 'this bracket or quote is never closed', 1],
    ['"b', 'a quoted text is never closed', 1],
    ['a: "\\q"\n', 'a backslash escape in a double-quoted text does not exist', 1],
    ['a: [1 2, {x: y} z]\n', 'a comma is missing between two entries', 1],
    ['a: [1,,2]\n', 'a comma stands where a value is expected', 1],
    ['[1, 2', 'a bracket is never closed', 1],
    ['a: | x\n', 'the header of a block text is malformed', 1],
    ['a: !x!y z\n', 'a tag is malformed', 1],
    ['a: *\n', 'an anchor or alias is malformed', 1],
    ['%x\n', 'a % directive is malformed', 2],
    ['%YAML 2.0\n---\na: 1\n', 'this version of YAML is not supported', 2],
    ['a: \u0001\n', 'the text has a control character', 1],
    ['a: \0\n', 'the text has a NUL byte', 1],
  ])('say of %j: %s', (text, message, line) => {
    const [problem] = load(text).problems;
    expect([problem?.message, problem?.span?.line]).toEqual([message, line]);
    expect(problem?.hint).toBeTruthy();
  });
});

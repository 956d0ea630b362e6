import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertEntry, removeEntry, renameKey, replaceEntry, setText } from '../../src/yaml/edit.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { printYaml } from '../../src/yaml/print.ts';
import { keepsTheRest } from '../../src/yaml/same-rest.ts';
import { sharedRanges } from '../../src/yaml/shared-nodes.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';
import { applyEdits, type TextEdit } from '../../src/yaml/text-edit.ts';

const sourceOf = (text: string): SourceText => ({ name: 'a.yaml', text });

const at = (source: SourceText, path: readonly (string | number)[]): object => {
  let value: unknown = loadYaml(source).documents[0]?.value;
  for (const key of path) value = Reflect.get(Object(value), key);
  return Object(value);
};

/** The text after one edit, made for the container at a path; undefined where it is refused. */
const edited = (
  text: string,
  path: readonly (string | number)[],
  edit: (container: object) => TextEdit | undefined,
): string | undefined => {
  const source = sourceOf(text);
  const made = edit(at(source, path));
  return made === undefined ? undefined : applyEdits(source, [made]).text;
};

describe('a text written in place of a scalar', () => {
  it.each([
    ['a: b # why', 'a: new # why'],
    ["a: 'b'\r\nc: d\r\n", "a: 'new'\r\nc: d\r\n"],
    ['a: "b"', 'a: "new"'],
    ['{"a":"b","c":1}', '{"a":"new","c":1}'],
    ['\uFEFFa: b', '\uFEFFa: new'],
    ['a: !!str b', 'a: !!str new'],
  ])('keeps what is around it: %j', (before, after) => {
    expect(edited(before, [], (map) => setText(map, 'a', 'new'))).toBe(after);
  });

  it('is quoted where it would be read as something else', () => {
    expect(edited('a: b', [], (map) => setText(map, 'a', 'yes'))).toBe('a: "yes"');
    expect(edited('[b]', [], (list) => setText(list, 0, '*.example.com'))).toBe('["*.example.com"]');
    expect(edited("a: 'b'", [], (map) => setText(map, 'a', "it's"))).toBe("a: 'it''s'");
  });

  it('is refused where the scalar stands elsewhere or in several lines', () => {
    for (const text of [
      'x: &x {a: b}\ny: {<<: *x}',
      'y: {a: b, a: c}',
      'y:\n  a: |\n    b\n',
      'y: {a: }',
      'y: {a: [b]}',
      'x: &x b\ny: {a: *x}',
    ])
      expect(edited(text, ['y'], (map) => setText(map, 'a', 'new'))).toBeUndefined();
  });
});

describe('a key', () => {
  it('is renamed in its quotes, unless the name is taken', () => {
    expect(edited('a: 1\n"b": 2\n', [], (map) => renameKey(map, 'b', 'c'))).toBe('a: 1\n"c": 2\n');
    expect(edited('a: 1\nb: 2\n', [], (map) => renameKey(map, 'b', 'a'))).toBeUndefined();
  });

  it('is replaced with its value', () => {
    const value = { kind: 'Gateway', name: 'gateway' };
    expect(edited('s:\n  x:\n    y: z\nt: 1\n', [], (map) => replaceEntry(map, 's', 'r', [value]))).toBe(
      'r: [{ kind: Gateway, name: gateway }]\nt: 1\n',
    );
    expect(edited('{"s": {}}', [], (map) => replaceEntry(map, 's', 'r', value))).toBe(
      '{"r": { "kind": "Gateway", "name": "gateway" }}',
    );
    expect(edited('s: # mine\n  x: y\n', [], (map) => replaceEntry(map, 's', 'r', 1))).toBeUndefined();
  });
});

describe('an entry', () => {
  it.each([
    ['a: 1\nb: 2 # gone\nc: 3\n', 'b', 'a: 1\nc: 3\n'],
    ['a: 1\r\nb:\r\n  x: 2\r\n', 'b', 'a: 1\r\n'],
    ['{a: 1, b: 2, c: 3}', 'b', '{a: 1, c: 3}'],
    ['{\n  "a": 1,\n  "b": 2\n}\n', 'b', '{\n  "a": 1\n}\n'],
    ['a: 1\n# about c\nc: 3', 'a', '# about c\nc: 3'],
  ])('of a mapping goes with its line: %j', (before, key, after) => {
    expect(edited(before, [], (map) => removeEntry(map, key))).toBe(after);
  });

  it.each([
    ['- a\n- b # gone\n- c\n', 1, '- a\n- c\n'],
    ['- a: 1\n  b: 2\n- c: 3\n', 0, '- c: 3\n'],
    ['[a, b, c]', 2, '[a, b]'],
    ['[a, b, c,]', 2, '[a, b,]'],
    ['- &x !!str a\n- b\n', 0, '- b\n'],
  ])('of a list goes with its dash: %j', (before, index, after) => {
    expect(edited(before, [], (list) => removeEntry(list, index))).toBe(after);
  });

  it('behind a dash gives its place to the next', () => {
    expect(edited('- a: 1\n  b: 2\n', [0], (map) => removeEntry(map, 'a'))).toBe('- b: 2\n');
    expect(edited('- a: 1\n  # about b\n  b: 2\n', [0], (map) => removeEntry(map, 'a'))).toBeUndefined();
  });

  it('that is the only one stays', () => {
    expect(edited('a: [b]', ['a'], (list) => removeEntry(list, 0))).toBeUndefined();
  });

  it.each([
    ['a: 1 # one\n', 'a: 1 # one\nnew: x\n'],
    ['a: 1', 'a: 1\nnew: x'],
    ['a: 1\r\n', 'a: 1\r\nnew: x\r\n'],
    ['a:\n  - b\n# end\n', 'a:\n  - b\nnew: x\n# end\n'],
    ['{a: 1}', '{a: 1, new: x}'],
    ['{\n  "a": 1\n}', '{\n  "a": 1,\n  "new": "x"\n}'],
    ['{"a": 1}', '{"a": 1, "new": "x"}'],
  ])('is added behind the last: %j', (before, after) => {
    expect(edited(before, [], (map) => insertEntry(map, 'new', 'x'))).toBe(after);
  });

  it('is added below the first key behind a dash', () => {
    expect(edited('- a: 1\n- b: 2\n', [0], (map) => insertEntry(map, 'new', true))).toBe(
      '- a: 1\n  new: true\n- b: 2\n',
    );
  });
});

const word = fc.constantFrom('a', 'b', 'c', 'd', 'e-f', 'yes', '1', '', 'x: y', '# z', "it's", '*');
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.constantFrom(1, true, null, 'two\nlines\n', 'long '.repeat(30)),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(word, tie('any'), { maxKeys: 3 }),
  ),
})).any;
const print = fc.constantFrom(
  (json: unknown) => printYaml(json),
  (json: unknown) => JSON.stringify(json),
  (json: unknown) => JSON.stringify(json, null, 2),
  (json: unknown) => printYaml(json).replaceAll('\n', '\r\n'),
);

/** Every container below a value, with what an operation on it would be meant to do. */
const containersIn = (json: unknown): readonly object[] =>
  typeof json !== 'object' || json === null ? [] : [json, ...Object.values(json).flatMap(containersIn)];

const OPERATIONS = {
  set: (container: object, key: string | number) => {
    const edit = setText(container, key, 'new');
    Reflect.set(container, key, 'new');
    return edit;
  },
  remove: (container: object, key: string | number) => {
    const edit = removeEntry(container, key);
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else Reflect.deleteProperty(container, key);
    return edit;
  },
  insert: (container: object) => {
    const edit = Array.isArray(container) ? undefined : insertEntry(container, 'new', ['x', { y: 'z: 1' }]);
    Reflect.set(container, 'new', ['x', { y: 'z: 1' }]);
    return edit;
  },
  rename: (container: object, key: string | number) => {
    if (Array.isArray(container)) return undefined;
    const edit = renameKey(container, String(key), 'new');
    Reflect.set(container, 'new', Reflect.get(container, key));
    Reflect.deleteProperty(container, key);
    return edit;
  },
} as const;

describe('any edit of any document', () => {
  it('does what it says and nothing else, or is refused', () => {
    let made = 0;
    const isMeant = (json: unknown, text: (json: unknown) => string, name: keyof typeof OPERATIONS, pick: number) => {
      const source = sourceOf(text(json));
      const [document] = loadYaml(source).documents;
      const containers = containersIn(document?.value);
      const container = containers[pick % Math.max(1, containers.length)];
      if (container === undefined) return;
      const keys = Object.keys(container);
      const key = keys[pick % Math.max(1, keys.length)];
      if (key === undefined) return;
      const edit = OPERATIONS[name](container, Array.isArray(container) ? Number(key) : key);
      if (edit === undefined) return;
      made++;
      const after = applyEdits(source, [edit]);
      // A text block that keeps its line breaks may be the one thing that ends differently: then it is noticed.
      if (!keepsTheRest(source, after, [edit])) return;
      const loaded = loadYaml(after);
      expect(loaded.problems).toEqual([]);
      expect(JSON.parse(JSON.stringify(loaded.documents[0]?.value))).toEqual(
        JSON.parse(JSON.stringify(document?.value)),
      );
    };
    const operation = fc.constantFrom(...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]));
    fc.assert(fc.property(value, print, operation, fc.nat(1000), isMeant), { numRuns: 3000 });
    expect(made).toBeGreaterThan(300);
  });
});

describe('the rest of a text', () => {
  const kept = (text: string, path: readonly string[], edit: (container: object) => TextEdit | undefined): boolean => {
    const source = sourceOf(text);
    const made = edit(at(source, path));
    return made !== undefined && keepsTheRest(source, applyEdits(source, [made]), [made]);
  };

  it('is kept by an edit of one entry', () => {
    expect(kept('a: {b: c, d: e}', ['a'], (map) => setText(map, 'b', 'new'))).toBe(true);
    expect(kept('a: {b: c, d: e}', ['a'], (map) => renameKey(map, 'b', 'new'))).toBe(true);
    expect(kept('a: {b: c, d: e}', ['a'], (map) => insertEntry(map, 'f', 'g'))).toBe(true);
    expect(kept('a: [b, c]', ['a'], (list) => removeEntry(list, 0))).toBe(true);
  });

  it('is not kept where an alias repeats the text, a tag moves, or a block of text ends elsewhere', () => {
    expect(kept('a: &a {b: c}\nd: *a', ['a'], (map) => setText(map, 'b', 'new'))).toBe(false);
    expect(kept('a: [!!str 1, 2]', ['a'], (list) => removeEntry(list, 0))).toBe(false);
    expect(kept('a:\n  b: |+\n    c\n\n', ['a'], (map) => insertEntry(map, 'd', 'e'))).toBe(false);
  });

  it('is not kept by an edit inside a scalar, by one that empties a list, or by a text that does not load', () => {
    const span = (column: number, endColumn: number) => ({ file: 'a.yaml', line: 1, column, endLine: 1, endColumn });
    const isKept = (text: string, edits: readonly TextEdit[]) =>
      keepsTheRest(sourceOf(text), applyEdits(sourceOf(text), edits), edits);
    expect(isKept('a: some words', [{ span: span(9, 14), text: 'text' }])).toBe(false);
    expect(isKept('a: [b]', [{ span: span(5, 6), text: '' }])).toBe(false);
    expect(isKept('a: b', [{ span: span(4, 5), text: '[c' }])).toBe(false);
    expect(isKept('a: b', [{ span: span(4, 5), text: 'c' }])).toBe(true);
  });
});

describe('the text that aliases repeat', () => {
  const shared = (text: string): readonly string[] =>
    sharedRanges(sourceOf(text)).map(({ start, end }) => text.slice(start, end));

  it('is that of anchors with an alias, in their own document', () => {
    expect(shared('a: &x b\nc: *x\n---\nd: &x e\n')).toEqual(['&x b']);
    expect(shared('a: &x\n  b: c\n  d: [e]\nf: {<<: *x}\n')).toEqual(['&x\n  b: c\n  d: [e']);
    expect(shared('a: &x b\nc: "*x"\n')).toEqual([]);
  });

  it('is the whole of a document that cannot be followed', () => {
    expect(shared('a: &x b\nc: [*x\n')).toEqual(['a: &x b\nc: [*x\n']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../src/yaml/load.ts';
import { createSimilarLoader } from '../../src/yaml/similar-texts.ts';

const TEXT = `metadata:
  name: shop-1 # the first
  labels: {app: "shop", version: v1, "key": 'single'}
spec:
  paused: "no"
  replicas: 2
  command: [run, "--port=80", a:b]
  env:
  - {name: PORTS, value: "[\\n\\"http\\"\\n]"}
  - name: OWNER
    value: kubernetes://apis/apps/v1/shop
  - value: two words
    script: |
      echo "x"
  - long: "goes
      on"
`;

const expected = (text: string) => {
  const { documents, problems } = loadYaml({ name: 'text', text });
  return { value: documents[0]?.value, problems };
};

/** Loads what `before` and then what `after` says with one loader. */
const loadBoth = (before: string, after: string) => {
  const load = createSimilarLoader();
  return [load(before), load(after)] as const;
};

describe('a text like one loaded before', () => {
  const changes: readonly (readonly [string, string, string])[] = [
    ['nothing', 'shop-1', 'shop-1'],
    ['a bare text', 'shop-1', 'shop-23'],
    ['a bare text that is a number now', 'shop-1', '23'],
    ['a bare text that is nothing now', 'name: shop-1', 'name:  '],
    ['a bare text that is a list now', 'shop-1', '[shop]'],
    ['a bare text that is quoted now', 'shop-1', '"shop"'],
    ['a bare text with a mapping in it', 'shop-1', 'a: b'],
    ['a bare text that goes on in a comment', 'shop-1', 'shop #'],
    ['a quoted text', '"shop"', '"cart and shop: #1"'],
    ['a quoted text that is empty now', '"shop"', '""'],
    ['a quoted text with escapes', '"shop"', '"a\\n\\t\\"b\\\\"'],
    ['a quoted text with escapes of YAML alone', '"shop"', '"\\x41\\e"'],
    ['a quoted text that is broken', '"shop"', '"\\q"'],
    ['a quoted text that does not end', '"shop"', '"shop'],
    ['a quoted text that has characters', '"shop"', '"läden"'],
    ['escapes', 'http', 'grpc'],
    ['a text in single quotes', 'single', 'double'],
    ['a text in a flow list', 'a:b', 'a:c'],
    ['a flow list that has an item more', 'run,', 'run, fast,'],
    ['a key', 'labels', 'annotations'],
    ['a quoted key', '"key"', '"other"'],
    ['a key that is there twice then', 'version: v1', 'app: v1'],
    ['a number', 'replicas: 2', 'replicas: 3'],
    ['several texts', /shop/g.source, 'cart'],
    ['a text of two words', 'two words', 'three words'],
    ['a block text', 'echo "x"', 'echo "y"'],
    ['a text on two lines', 'goes', 'comes'],
    ['a comment', 'the first', 'the second'],
    ['an anchor', '"shop"', '&a "shop"'],
    ['a tag', '"no"', '!!bool "no"'],
    ['a merge', 'name: shop-1', '<<: {a: "b"}'],
    ['the end', `on"\n`, 'on"'],
    ['more at the end', `on"\n`, `on"\nstatus: {}\n`],
    ['a second document', `on"\n`, `on"\n---\na: b\n`],
  ];
  it.each(changes)('reads as it does alone where it differs in %s', (_what, from, to) => {
    const after = TEXT.replace(new RegExp(from.replaceAll(/[[\]{}()*+?.\\|^$]/g, '\\$&'), 'g'), () => to);
    const [first, second] = loadBoth(TEXT, after);
    expect(first).toEqual(expected(TEXT));
    expect(second.value).toEqual(expected(after).value);
    expect(second.problems.map(({ message }) => message)).toEqual(
      expected(after).problems.map(({ message }) => message),
    );
    const [, back] = loadBoth(after, TEXT);
    expect(back.value).toEqual(expected(TEXT).value);
  });

  it('shares what is the same, and keeps what was loaded as it was', () => {
    const [first, second] = loadBoth(TEXT, TEXT.replace('"shop"', '"cart"'));
    const { spec, metadata } = first.value as Record<string, object>;
    expect((second.value as Record<string, object>)['spec']).toBe(spec);
    expect(metadata).toMatchObject({ labels: { app: 'shop' } });
  });

  it('reads as it does alone wherever it was changed', () => {
    const load = createSimilarLoader();
    const pieces = [
      '"',
      "'",
      '\\',
      ':',
      ': ',
      ' ',
      '#',
      '\n',
      '-',
      '- ',
      '?',
      '&',
      '*',
      '!',
      '0',
      'x',
      'é',
      '{',
      ']',
      ',',
      '',
    ];
    const edit = fc.record({
      at: fc.nat(TEXT.length),
      length: fc.nat(4),
      piece: fc.constantFrom(...pieces),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = edits.reduce(
          (before, { at, length, piece }) => before.slice(0, at) + piece + before.slice(at + length),
          TEXT,
        );
        load(TEXT);
        const alone = expected(text);
        const { value, problems } = load(text);
        expect(value).toEqual(alone.value);
        expect(problems).toEqual(alone.problems);
      }),
      { numRuns: 500 },
    );
  });
});

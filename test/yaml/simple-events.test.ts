import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { type Event, parseEvents, YAMLException } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { simpleEvents } from '../../src/yaml/simple-events.ts';

const theirs = (text: string): readonly Event[] | 'refused' => {
  try {
    return parseEvents(text, {});
  } catch (error) {
    if (error instanceof YAMLException) return 'refused';
    throw error;
  }
};

/** Pieces that make texts of which a good part is simple, and the rest nearly. */
const PIECES = [
  ...['a', 'b1: ', 'key:', 'x-y: ', '- ', '- - ', ': ', ':', '\n', '\n  ', '\n    ', '\n- ', '\n  - ', ' ', '  '],
  ...['"q"', "'s'", '"a: b"', '[]', '{}', '[a, "b"]', '[', '}', ',', '# c', ' # c', '---\n', '---', '...', '-1', '~'],
  ...['http://x', 'a/b', 'a#b', '&a', '*a', '|', '>', '?', '!t', '%', '@', '=', '--f', '\\', '\t', '\r\n', '\u00e9'],
  ...['a: b\n', 'a:\n', '- a\n', '- a: b\n', '  - c\n', '  k: v\n', '    k: v\n', '  k:\n', '- k:\n'],
];

const templates = resolve(import.meta.dirname, '../../templates');
const files = existsSync(templates)
  ? readdirSync(templates, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name))
  : [];

describe('simple events', () => {
  it("are js-yaml's for every text that is simple", () => {
    let simple = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 16 }), (pieces) => {
        const text = pieces.join('');
        const events = simpleEvents(text);
        if (events === undefined) return;
        simple += 1;
        expect(events).toEqual(theirs(text));
      }),
      { numRuns: 20_000 },
    );
    expect(simple).toBeGreaterThan(500);
  });

  it.skipIf(files.length === 0)("are js-yaml's for our own files", () => {
    for (const name of files) {
      const text = readFileSync(join(templates, name), 'utf8');
      const events = simpleEvents(text);
      if (events !== undefined) expect(events, name).toEqual(theirs(text));
    }
  });

  it('are there for what most files are', () => {
    const text = [
      '# a comment',
      'kind: Service',
      'metadata: {}',
      'spec:',
      '  selector:',
      '    app.kubernetes.io/name: "web"  # quoted',
      '',
      '  ports:',
      '  - name: http',
      '    port: 80',
      '  - {}',
      '---',
      'args: [a, "b"]',
      'command:',
      '  - --flag=http://x:80',
    ].join('\n');
    expect(simpleEvents(text)).toEqual(parseEvents(text, {}));
    expect(simpleEvents(text)).toBeDefined();
  });

  it.each(['a: |\n  b\n', 'a: &b c\n', 'a: {b: c}\n', 'a: b\n  c\n', '"a": b\n', 'a\n', 'a: b\r\n', 'a: \u00e9\n'])(
    'are left to js-yaml for %j',
    (text) => {
      expect(simpleEvents(text)).toBeUndefined();
    },
  );
});

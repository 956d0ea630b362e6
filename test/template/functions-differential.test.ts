import { afterAll, describe, expect, it } from 'vitest';
import { sprigFunctions } from '../../src/template/functions/sprig.ts';
import { functionTable } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../src/template/template.ts';
import type { GoType } from '../../src/template/type.ts';
import { fromPlain } from '../../src/template/value.ts';
import { buildGoOracle } from './go-oracle.ts';

const functions = functionTable(
  sprigFunctions({
    now: () => 0,
    localZone: () => 'UTC',
    random: () => {
      throw new Error('no chance in a comparison');
    },
  }),
);

/** Arguments as they stand in a template, for each type a function asks for. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  string: [
    ...[
      '""',
      '"a"',
      '"hello World foo"',
      '"  two  spaces "',
      '"fooBar2xHTTPServer"',
      '"a,b,,c"',
      '","',
      '"é☃ß"',
      '" "',
    ],
    ...[
      '"a/b/../c.txt"',
      '"1.2.3-beta.1+m"',
      '">= 1.2, < 2"',
      '"2m3.5s"',
      '"2006-01-02"',
      '"2024-02-29"',
      '"a(b|c)*"',
      '"b"',
    ],
    ...[
      '"http://u:p@h.example:80/a%20b?q=1#f"',
      '"aGVsbG8="',
      '"NBSWY3DP"',
      '"{\\"a\\": [1, \\"<x>\\"]}"',
      '"010"',
      '"string"',
    ],
    ...[
      '"snake_case-and kebab"',
      `"$1x\${1}"`,
      '"[a"',
      '"1h"',
      '"x: y"',
      '"12.50"',
      '"0x1F"',
      '"bobcba"',
      '"map"',
      '"/a//b/"',
    ],
  ],
  int: ['0', '1', '2', '3', '5', '7', '-1', '-3', '10'],
  float64: ['0.5', '0.25', '1.5'],
  bool: ['true', 'false'],
  'map[string]interface {}': [
    '.m',
    '(dict)',
    '(dict "a" 1 "b" (dict "c" 2))',
    '(dict "b" (dict "c" 3 "d" nil) "z" "")',
    '.u',
  ],
  'interface {}': [
    ...[
      'nil',
      '0',
      '1',
      '-7',
      '2.5',
      '1e10',
      '"12"',
      '"x"',
      '""',
      'true',
      'false',
      '.list',
      '.m',
      '(list)',
      '(list 1 "a" nil 1 2.5)',
    ],
    ...[
      '(list "b" "a" "é" "B")',
      '(dict "a" 1)',
      '(until 3)',
      '"1.9"',
      '(list (list 1) (list 1) (dict))',
      '.big',
      '(dict)',
      '(split "," "a,b")',
    ],
    ...['"-3"', '(list 0 "" nil false)', '(splitList "," "b,a")', '"0x10"', '(int64 1700000000)'],
  ],
  'time.Time': ['(toDate "2006-01-02 15:04" "2024-02-29 13:05")', '(toDate "2006" "x")'],
};

const DATA = {
  list: [1, 'two', 3.5, null, true, { a: 'b' }],
  m: { a: 'x', b: { c: 1, d: [1, 2] }, n: null, e: '', l: [], f: false },
  u: { scheme: 'https', host: 'h:1', path: '/a b', query: 'q=1', fragment: 'f', userinfo: 'u:p' },
  big: 1234567890123,
};

/** Of another kind, these functions print what time it is. */
const TIMES = ['(int64 1700000000)', '1709211900', '(toDate "2006-01-02 15:04" "2024-02-29 13:05")'];
const OF_TIMES = new Set(['date', 'dateInZone', 'date_in_zone', 'htmlDate', 'htmlDateInZone']);

const argumentsOf = (name: string, type: GoType): readonly string[] =>
  type.kind === 'interface' && OF_TIMES.has(name) ? TIMES : (ARGUMENTS[type.name] ?? ARGUMENTS['interface {}'] ?? []);

/** Differs between runs of Go, or is refused here. */
const LEFT_OUT = new Set([
  ...['now', 'ago', 'keys', 'values', 'shuffle', 'randInt', 'randBytes', 'randAlpha', 'randAlphaNum', 'randNumeric'],
  ...['randAscii', 'uuidv4', 'getHostByName', 'bcrypt', 'htpasswd', 'derivePassword', 'encryptAES', 'decryptAES'],
  ...['genPrivateKey', 'genCA', 'genCAWithKey', 'buildCustomCert', 'genSelfSignedCert', 'genSelfSignedCertWithKey'],
  ...['genSignedCert', 'genSignedCertWithKey'],
]);

const names = [...functions.keys()].filter((name) => !LEFT_OUT.has(name)).sort();
const PER_FUNCTION = 60;

/** A number that looks random and depends on its arguments alone. */
const scatter = (seed: number): number => Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 4;

const callsOf = (name: string): readonly string[] => {
  const { params = [], variadic = false } = functions.get(name) ?? {};
  return Array.from({ length: PER_FUNCTION }, (_, round) => {
    const rest = variadic ? scatter(round * 31 + 7) % 4 : 0;
    const last = params.at(-1);
    const types =
      variadic && last !== undefined ? [...params.slice(0, -1), ...Array.from({ length: rest }, () => last)] : params;
    const chosen = types.map((type, at) => {
      const pool = argumentsOf(name, type);
      return pool[scatter(round * 7919 + at * 104729 + name.length) % pool.length] ?? '';
    });
    return [name, ...chosen].join(' ');
  });
};

const templates = names.flatMap((name) =>
  [...new Set(callsOf(name))].map(
    (call) => `{{ $r := ${call} }}{{ typeOf $r }}|{{ $r }}|{{ toJson $r }}|{{ toJson .m }}`,
  ),
);

const ours = (template: string): string => {
  const set = createTemplates('t', { functions });
  const refused = parseTemplate(set, 't', template);
  if (refused !== undefined) return `error: ${refused}`;
  const rendering = render(set, 't', fromPlain(DATA));
  return 'error' in rendering ? `error: ${rendering.error}` : rendering.output;
};

const oracle = buildGoOracle();
const absence = typeof oracle === 'string' ? ` (skipped: ${oracle})` : '';

describe.skipIf(absence !== '')(`sprig’s functions against Go’s${absence}`, () => {
  afterAll(() => (typeof oracle === 'string' ? undefined : oracle.remove()));

  it('answer and refuse as sprig does', { timeout: 120_000 }, () => {
    if (typeof oracle === 'string') throw new Error(oracle);
    const answers = oracle.ask(
      templates.map((template) => ({ template, data: DATA, missingKey: 'default', functions: 'sprig' })),
    );
    const different = templates.flatMap((template, at) => {
      const { error, output } = answers[at] ?? {};
      const go = error === undefined ? output : `error: ${error}`;
      const mine = ours(template);
      return go === mine ? [] : [{ template, go, mine }];
    });
    expect(different.slice(0, 5), `${different.length} of ${templates.length} differ`).toEqual([]);
  });
});

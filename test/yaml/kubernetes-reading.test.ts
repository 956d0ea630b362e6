import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../src/yaml/load.ts';

/**
 * What sigs.k8s.io/yaml v1.6.0 `YAMLToJSON` answered to each text when it was run: `[text, value]`, or `[text]` where it
 * refused. Facts of another program: never edited to suit ours.
 */
type Row = readonly [text: string] | readonly [text: string, value: unknown];

const rows: readonly Row[] = JSON.parse(readFileSync(new URL('kubernetes-reading.json', import.meta.url), 'utf8'));

/** Where we knowingly differ; each must still differ, or it has to leave the list. */
const DEVIATIONS: ReadonlyMap<string, string> = new Map([
  ['a: [?a]\n', 'we refuse a bare "?" inside brackets in all places, Kubernetes only in some'],
  ['a: "\\x41\\u0042\\t\\/\\e"\n', 'JSON may escape a slash, and kubectl reads JSON files by the rules of JSON'],
  ['a: "\\uD83D\\uDE00"\n', 'JSON escapes characters beyond 16 bits as two halves'],
  ['a: "\\uD83D"\n', 'JSON may hold half of such a pair'],
  ['%YAML 1.2\n---\na: 1\n', 'a document that declares YAML 1.2 is read all the same'],
  ['%FOO bar\n---\na: 1\n', 'an unknown directive is ignored, as YAML 1.2 demands'],
  ['a: \u2028b\n', 'Unicode line separators do not end a line in YAML 1.2'],
  ['a: x\u0085y\n', 'the C1 next-line character does not end a line in YAML 1.2'],
  ['a\r\n: b\r\n', 'a text followed by a lone ":" line is refused instead of losing the line'],
  ['a: &a:b 1\n', 'a name of an anchor that Kubernetes would cut in two is refused'],
  ['&yes::\nb: \n', 'a name of an anchor that Kubernetes would cut in two is refused'],
  ['a: "x"#c\n', 'a comment must have a blank before it'],
  ['a: [x]#c\n', 'a comment must have a blank before it'],
]);

const REFUSED = Symbol('refused');

const read = (text: string): unknown => {
  const { documents, problems } = loadYaml({ name: 'a.yaml', text });
  if (problems.some((problem) => problem.code !== 'YAML_DUPLICATE_KEY')) return REFUSED;
  return documents[0]?.value ?? null;
};

/** Text in which own keys, `__proto__` among them, are sorted, so that two values can be compared whatever made them. */
const canonical = (value: unknown): string => {
  if (value === REFUSED) return 'refused';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
};

const differences = rows
  .map((row) => ({
    text: row[0],
    kubernetes: canonical(row.length === 1 ? REFUSED : row[1]),
    ours: canonical(read(row[0])),
  }))
  .filter((row) => row.kubernetes !== row.ours);

describe('the reading of YAML', () => {
  it('equals that of Kubernetes in every recorded text but the listed ones', () => {
    expect(rows.length).toBeGreaterThan(450);
    expect(differences.filter((row) => !DEVIATIONS.has(row.text))).toEqual([]);
  });

  it('lists no deviation that has vanished', () => {
    const differing = new Set(differences.map((row) => row.text));
    expect([...DEVIATIONS.keys()].filter((text) => !differing.has(text))).toEqual([]);
  });

  it('never answers another value where both accept the text', () => {
    const silent = differences.filter((row) => row.ours !== 'refused' && row.kubernetes !== 'refused');
    expect(silent).toEqual([]);
  });
});

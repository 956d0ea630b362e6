import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../src/yaml/load.ts';
import { printYaml } from '../../src/yaml/print.ts';

describe('printed YAML', () => {
  it('is in block style with the texts quoted that Kubernetes would misread', () => {
    const value = {
      kind: 'Service',
      labels: { a: 'yes', b: '0o14', c: '1_000', d: '2020-01-01', e: '12:30:45', f: '', '<<': 'x', on: '~' },
      ports: [{ port: 80, ready: true, none: null }, []],
      script: 'one\ntwo\n',
    };
    expect(printYaml(value)).toBe(`kind: Service
labels:
  a: "yes"
  b: "0o14"
  c: "1_000"
  d: "2020-01-01"
  e: "12:30:45"
  f: ""
  "<<": x
  "on": "~"
ports:
  - port: 80
    ready: true
    none: null
  - []
script: |
  one
  two
`);
  });

  it('never folds long lines and never writes aliases', () => {
    const shared = { words: 'word '.repeat(60).trimEnd() };
    expect(printYaml([shared, shared])).toBe(`- words: ${shared.words}\n- words: ${shared.words}\n`);
  });

  it('accepts what was loaded', () => {
    const text = 'a:\n  - b: 1\n    __proto__: x\n';
    expect(printYaml(loadYaml({ name: 'a.yaml', text }).documents[0]?.value)).toBe(text);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusedAnnotations } from '../../src/inject/annotation-values.ts';

const unit = resolve(import.meta.dirname, '../../../shared/corpus/inject/unit');

const recorded = <T>(table: string): readonly T[] =>
  readFileSync(resolve(unit, `unit-${table}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

describe.skipIf(!existsSync(unit))('recorded verdicts about annotations', () => {
  it('are heddle’s', () => {
    interface Case {
      readonly name: string;
      readonly annotations: Record<string, string>;
      readonly wantErr: boolean;
    }
    for (const { name, annotations, wantErr } of recorded<Case>('TestValidateAnnotations')) {
      expect(refusedAnnotations(annotations).length > 0, name).toBe(wantErr);
    }
  });

  it('are heddle’s for quantities', () => {
    interface Case {
      readonly name: string;
      readonly value: string;
      readonly wantErr: boolean;
    }
    for (const { name, value, wantErr } of recorded<Case>('TestValidateResourceQuantity')) {
      expect(refusedAnnotations({ 'sidecar.istio.io/proxyCPU': value }).length > 0, name).toBe(wantErr);
    }
  });
});

describe('the value of an annotation', () => {
  it.each([
    ['traffic.sidecar.istio.io/includeInboundPorts', ['*', '', '80, 443', '0'], ['80,', 'http', '65536', '-1']],
    ['traffic.sidecar.istio.io/excludeInboundPorts', ['80'], ['*']],
    [
      'traffic.sidecar.istio.io/includeOutboundIPRanges',
      ['*', '', '10.0.0.0/8,fd00::/8'],
      ['10.0.0.1', '10.0.0.0/8, 1.0.0.0/8'],
    ],
    ['traffic.sidecar.istio.io/excludeInterfaces', ['', 'eth0, net1'], ['0eth', 'a,,b', 'sixteen-letters-']],
    ['prometheus.istio.io/merge-metrics', ['T', '0', 'False'], ['yes', '']],
    ['readiness.status.sidecar.istio.io/periodSeconds', ['5', '4294967295'], ['-1', '4294967296', '1.5']],
    ['status.sidecar.istio.io/port', ['15020', ' 80 '], ['', '80,81']],
    ['sidecar.istio.io/interceptionMode', ['NONE', 'TPROXY'], ['none']],
  ])('of %s is accepted or refused', (name, accepted, refused) => {
    for (const value of accepted) expect(refusedAnnotations({ [name]: value }), value).toEqual([]);
    for (const value of refused) expect(refusedAnnotations({ [name]: value }), value).toHaveLength(1);
  });

  it('is not looked at for other annotations, and refusals come in the order of names', () => {
    const annotations = { 'status.sidecar.istio.io/port': 'x', 'sidecar.istio.io/proxyCPU': 'y', 'a/b': 'z' };
    expect(refusedAnnotations(annotations).map(({ name }) => name)).toEqual([
      'sidecar.istio.io/proxyCPU',
      'status.sidecar.istio.io/port',
    ]);
  });
});

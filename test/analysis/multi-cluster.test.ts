import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';

const root = resolve(import.meta.dirname, '../../../shared/corpus/analyze');

interface Recorded {
  readonly clusters?: Readonly<Record<string, readonly string[]>>;
  readonly expected: readonly { readonly code: string; readonly resource: string }[];
}

const recorded = (existsSync(root) ? readdirSync(root) : []).flatMap((name) => {
  const path = join(root, name, 'case.json');
  const one = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Recorded) : undefined;
  return one?.clusters === undefined ? [] : [{ name, clusters: one.clusters, expected: one.expected }];
});

const service = (spec: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: ${spec}\n`;

const analyze = async (own: string, clusters: Readonly<Record<string, string>>) => {
  const named = Object.entries(clusters).map(([name, text]) => ({ name, sources: [{ name: `${name}.yaml`, text }] }));
  const { input } = await loadInput([{ name: 'own.yaml', text: own }], { clusters: named });
  return runChecks(CHECKS, input);
};

describe('Services of several clusters', () => {
  it.skipIf(recorded.length === 0)('are judged as Istio was seen to', async () => {
    for (const { name, clusters, expected } of recorded) {
      const read = (file: string): SourceText => ({ name: file, text: readFileSync(join(root, name, file), 'utf8') });
      const named = Object.entries(clusters).map(([cluster, files]) => ({ name: cluster, sources: files.map(read) }));
      const { input } = await loadInput([], { clusters: named });
      const found = runChecks(CHECKS, input).map(({ code, origin }) => `${code} ${origin}`);
      expect([name, found]).toEqual([name, expected.map(({ code, resource }) => `${code} ${resource}`)]);
    }
  });

  it('name the clusters that differ from the first, with the lines of each', async () => {
    const port = 'ports: [{name: http, port: 80}]';
    const found = await analyze(service(`{${port}}`), {
      east: service(`{${port}}`),
      west: service(`{type: NodePort, ${port}}`),
    });
    const [difference] = found.filter(({ code }) => code === 'IST0170');
    expect(difference?.message).toBe(
      'service shop/cart differs between clusters Kubernetes, west: their types are not the same',
    );
    expect(difference?.span.file).toBe('own.yaml');
    expect(difference?.labels.map(({ span, text }) => [span.file, span.line, text])).toEqual([
      ['own.yaml', 4, 'in cluster Kubernetes'],
      ['west.yaml', 4, 'in cluster west'],
    ]);
  });

  it.each([
    ['a port number', '{ports: [{name: a, port: 80}]}', '{ports: [{name: a, port: 81}]}'],
    ['a protocol', '{ports: [{name: a, port: 80}]}', '{ports: [{name: a, port: 80, protocol: UDP}]}'],
    ['a target port', '{ports: [{name: a, port: 80}]}', '{ports: [{name: a, port: 80, targetPort: web}]}'],
    ['an application protocol', '{ports: [{name: a, port: 80}]}', '{ports: [{name: a, port: 80, appProtocol: http}]}'],
    ['being headless', '{ports: [{name: a, port: 80}]}', '{clusterIP: None, ports: [{name: a, port: 80}]}'],
  ])('differ by %s', async (_what, one, other) => {
    const codes = (await analyze('', { east: service(one), west: service(other) })).map(({ code }) => code);
    expect(codes).toContain('IST0170');
  });

  it('are compared with their own kind only, and other objects of other clusters are not looked at', async () => {
    const gateway =
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a]}\n';
    const found = await analyze('', {
      east: `${service('{ports: [{name: http, port: 80}]}')}---\n${gateway}`,
      west: '',
    });
    expect(found).toEqual([]);
  });
});

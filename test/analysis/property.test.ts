import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { validateDocuments } from '../../src/analysis/validate/validate.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { printYaml } from '../../src/yaml/print.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';
import { casesOf } from './page-cases.ts';

// How a configuration is cut into files and documents says nothing to a cluster, so it must change nothing here.

const shared = resolve(import.meta.dirname, '../../../shared/corpus');
const pages = resolve(import.meta.dirname, '../../src/analysis/checks');

const filesBelow = (directory: string, extension: string): readonly string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith(extension))
        .sort()
        .map((file) => join(directory, file))
    : [];

/** The way one configuration is written: its documents in some order, each as YAML or JSON, alone or in a List. */
interface Writing {
  readonly order: readonly number[];
  readonly isJson: readonly boolean[];
  readonly isListed: readonly boolean[];
  /** After which of the documents a new file begins. */
  readonly isLast: readonly boolean[];
}

const writings = (length: number): fc.Arbitrary<Writing> => {
  const flags = fc.array(fc.boolean(), { minLength: length, maxLength: length });
  const all = Array.from({ length }, (_, index) => index);
  return fc.record({
    order: fc.shuffledSubarray(all, { minLength: length, maxLength: length }),
    isJson: flags,
    isListed: flags,
    isLast: flags,
  });
};

const write = (values: readonly unknown[], { order, isJson, isListed, isLast }: Writing): readonly SourceText[] => {
  const files: string[][] = [[]];
  order.forEach((which, index) => {
    const value = isListed[index] ? { apiVersion: 'v1', kind: 'List', items: [values[which]] } : values[which];
    files.at(-1)?.push(isJson[index] ? `${JSON.stringify(value)}\n` : printYaml(value));
    if (isLast[index]) files.push([]);
  });
  return files.map((texts, index) => ({ name: `${index}.yaml`, text: texts.join('---\n') }));
};

const findingsOf = async (sources: readonly SourceText[]): Promise<readonly string[]> => {
  const { input } = await loadInput(sources);
  return runChecks(CHECKS, input)
    .map(({ code, level, origin }) => `${code} ${level} ${origin}`)
    .sort();
};

const verdictsOf = async (sources: readonly SourceText[]): Promise<readonly string[]> => {
  const verdicts = await validateDocuments(sources.flatMap((source) => loadYaml(source).documents));
  return verdicts.map(({ resource, verdict, refusedBy }) => `${resource} ${verdict} ${refusedBy}`).sort();
};

const identityOf = (value: unknown): string => {
  const { kind, metadata } = value as { readonly kind?: string; readonly metadata?: object };
  const { name = '', namespace = 'default' } = (metadata ?? {}) as {
    readonly name?: string;
    readonly namespace?: string;
  };
  return name === '' ? JSON.stringify(value) : `${kind} ${namespace}/${name}`;
};

/** The objects of a text, each once, since the later one of two with the same name counts. */
const objectsOf = (text: string): readonly unknown[] => {
  const { documents } = loadYaml({ name: 'original.yaml', text });
  const values = documents.flatMap(({ value }) => {
    const { kind, items } = value as { readonly kind?: string; readonly items?: readonly unknown[] };
    return kind === 'List' && Array.isArray(items) ? items : [value];
  });
  return [...new Map(values.map((value) => [identityOf(value), value])).values()];
};

/** Fails with the writing that makes a difference; the seed is fixed, since a gate must not depend on luck. */
const expectSame = async (
  values: readonly unknown[],
  judge: (sources: readonly SourceText[]) => Promise<readonly string[]>,
  numRuns: number,
): Promise<void> => {
  const plain = values.map((value, index) => ({ name: `${index}.yaml`, text: printYaml(value) }));
  const wanted = await judge(plain);
  await fc.assert(
    fc.asyncProperty(writings(values.length), async (writing) => {
      expect(await judge(write(values, writing))).toEqual(wanted);
    }),
    { numRuns, seed: values.length },
  );
};

const NAMESPACES = ['default', 'shop'] as const;
const NAMES = ['a', 'b', 'gateway'] as const;
const HOSTS = [
  'a',
  'b',
  'a.shop.svc.cluster.local',
  '*.shop.svc.cluster.local',
  'c.example.com',
  '*.example.com',
  '*',
] as const;

const name = fc.constantFrom(...NAMES);
const host = fc.constantFrom(...HOSTS);
const hosts = fc.uniqueArray(host, { minLength: 1, maxLength: 3 });
const labels = fc.constantFrom<Readonly<Record<string, string>>>(
  { app: 'a' },
  { app: 'b' },
  { app: 'a', version: 'v1' },
);
const subset = fc.constantFrom('v1', 'v2');
const maybe = <T>(key: string, value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.option(value).map((one) => (one === null ? {} : { [key]: one }));
const exportTo = maybe('exportTo', fc.constantFrom(['.'], ['*'], ['shop']));

const specs: Readonly<Record<string, fc.Arbitrary<object>>> = {
  'v1 Service': fc.record({
    selector: labels,
    ports: fc.constantFrom([{ name: 'http', port: 80 }], [{ name: 'odd', port: 81 }]),
  }),
  'apps/v1 Deployment': labels.map((own) => ({
    selector: { matchLabels: own },
    template: {
      metadata: { labels: own },
      spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 80 }] }] },
    },
  })),
  'networking.istio.io/v1 VirtualService': fc
    .tuple(
      hosts,
      host,
      subset,
      exportTo,
      maybe('gateways', fc.constantFrom(['mesh'], ['gateway'], ['shop/gateway', 'mesh'])),
    )
    .map(([names, destination, name, ...rest]) =>
      Object.assign(
        { hosts: names, http: [{ route: [{ destination: { host: destination, subset: name } }] }] },
        ...rest,
      ),
    ),
  'networking.istio.io/v1 DestinationRule': fc
    .tuple(host, labels, exportTo)
    .map(([one, own, rest]) => ({ host: one, subsets: [{ name: 'v1', labels: own }], ...rest })),
  'networking.istio.io/v1 Gateway': fc
    .tuple(hosts, labels, fc.constantFrom(80, 8080))
    .map(([names, selector, number]) => ({
      selector,
      servers: [{ port: { number, name: 'http', protocol: 'HTTP' }, hosts: names }],
    })),
  'networking.istio.io/v1 ServiceEntry': fc.tuple(hosts, exportTo).map(([names, rest]) => ({
    hosts: names,
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'DNS',
    ...rest,
  })),
  'networking.istio.io/v1 Sidecar': maybe(
    'workloadSelector',
    labels.map((own) => ({ labels: own })),
  ).map((rest) => ({
    egress: [{ hosts: ['./*'] }],
    ...rest,
  })),
  'security.istio.io/v1 AuthorizationPolicy': fc
    .tuple(labels, fc.constantFrom('shop', 'nowhere'))
    .map(([own, from]) => ({
      selector: { matchLabels: own },
      rules: [{ from: [{ source: { namespaces: [from] } }] }],
    })),
  'telemetry.istio.io/v1 Telemetry': maybe(
    'selector',
    labels.map((own) => ({ matchLabels: own })),
  ),
};

const namespaceObject = fc
  .record({ name: fc.constantFrom(...NAMESPACES), isInjected: fc.boolean() })
  .map(({ name: own, isInjected }) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: own, ...(isInjected && { labels: { 'istio-injection': 'enabled' } }) },
  }));

/** Few names and hosts, so that objects meet: most meshes have conflicts, dangling references and overlaps. */
const mesh: fc.Arbitrary<readonly object[]> = fc.uniqueArray(
  fc.oneof(
    namespaceObject,
    ...Object.entries(specs).map(([gvk, spec]) => {
      const [apiVersion = '', kind = ''] = gvk.split(' ');
      const metadata = fc.record({ name, namespace: fc.constantFrom(...NAMESPACES) });
      return fc.record({ metadata, spec }).map((rest) => ({ apiVersion, kind, ...rest }));
    }),
  ),
  { minLength: 2, maxLength: 12, selector: identityOf },
);

const examples = filesBelow(pages, '.md').flatMap((page) =>
  casesOf(readFileSync(page, 'utf8')).map(({ title, yaml }) => [`${basename(page)}: ${title}`, yaml] as const),
);
const textsBelow = (directory: string): readonly (readonly [string, string])[] =>
  filesBelow(join(shared, directory), '.yaml').map((path) => [basename(path), readFileSync(path, 'utf8')] as const);

describe.each([
  ['examples of the checks', examples],
  ['recorded samples', textsBelow('samples')],
  ['recorded cases', textsBelow('analyze')],
  ['recorded objects', textsBelow('validate')],
] as const)('however the %s are written', (_name, texts) => {
  it.skipIf(texts.length === 0)(
    'their findings are the same',
    async () => {
      for (const [, text] of texts) await expectSame(objectsOf(text), findingsOf, 4);
    },
    300_000,
  );

  it.skipIf(texts.length === 0)(
    'their verdicts are the same',
    async () => {
      for (const [, text] of texts) await expectSame(objectsOf(text), verdictsOf, 4);
    },
    300_000,
  );
});

describe('however generated meshes are written', () => {
  const written = mesh.chain((values) => writings(values.length).map((writing) => ({ values, writing })));

  it.each([
    ['findings', findingsOf],
    ['verdicts', verdictsOf],
  ] as const)(
    'their %s are the same',
    async (_name, judge) => {
      let seen = 0;
      await fc.assert(
        fc.asyncProperty(written, async ({ values, writing }) => {
          const plain = values.map((value, index) => ({ name: `${index}.yaml`, text: printYaml(value) }));
          const wanted = await judge(plain);
          seen += wanted.length;
          expect(await judge(write(values, writing))).toEqual(wanted);
        }),
        { numRuns: 300, seed: 4 },
      );
      // Meshes that nothing can be said of would show nothing.
      expect(seen).toBeGreaterThan(600);
    },
    300_000,
  );
});

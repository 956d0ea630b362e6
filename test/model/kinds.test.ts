import { expect, test } from 'vitest';
import { KINDS, kindOf } from '../../src/model/kinds.ts';
import { schemaKey, servedVersions } from '../../src/model/metadata.ts';
import { loadSchemas } from '../../src/model/schema/load.ts';
import type { Schema, SchemaSet } from '../../src/model/schema/schema.ts';

const SETS = ['istio', 'gateway-api', 'kubernetes', 'mesh'] as const;

test('the table of kinds and the generated schemas name the same kinds in the same versions', async () => {
  const loaded = await loadSchemas(SETS);
  for (const set of ['istio', 'gateway-api', 'kubernetes'] as const) {
    const rows = KINDS.filter((kind) => kind.schemaSet === set);
    const keys = rows.flatMap((kind) => servedVersions(kind).map((version) => schemaKey(version, kind.kind)));
    expect(keys.sort()).toEqual(Object.keys(loaded.get(set)?.roots ?? {}).sort());
  }
});

test('a word that two groups use is told apart by the group', () => {
  expect(kindOf('networking.istio.io/v1alpha3', 'Gateway')?.name).toBe('Gateway');
  expect(kindOf('gateway.networking.k8s.io/v1', 'Gateway')?.name).toBe('KubernetesGateway');
  expect(kindOf('serving.knative.dev/v1', 'Service')).toBeUndefined();
});

const children = (schema: Schema): readonly Schema[] => [
  ...Object.values(schema.properties ?? {}),
  ...[schema.items, schema.values, schema.not].filter((child) => child !== undefined),
  ...(schema.allOf ?? []),
  ...(schema.anyOf ?? []),
  ...(schema.oneOf ?? []),
];

const everySchema = (set: SchemaSet): readonly Schema[] => {
  const found: Schema[] = [];
  const queue = [...Object.values(set.roots), ...Object.values(set.definitions)];
  for (let schema = queue.pop(); schema !== undefined; schema = queue.pop()) {
    found.push(schema);
    queue.push(...children(schema));
  }
  return found;
};

test('every reference of a schema resolves and every pattern compiles', async () => {
  const loaded = await loadSchemas(SETS);
  for (const name of SETS) {
    const set = loaded.get(name);
    if (set === undefined) throw new Error(`no ${name} schemas`);
    const schemas = everySchema(set);
    expect(schemas.length).toBeGreaterThan(300);
    const dangling = schemas.filter(({ ref }) => ref !== undefined && set.definitions[ref] === undefined);
    expect(dangling).toEqual([]);
    for (const { pattern } of schemas) if (pattern !== undefined) expect(() => new RegExp(pattern, 'u')).not.toThrow();
  }
});

test('the CEL rules of the CRDs are kept, without their messages', async () => {
  const set = (await loadSchemas(['istio'])).get('istio');
  const rules = new Set(
    everySchema(set ?? { provenance: { module: '', version: '', paths: [] }, definitions: {}, roots: {} }).flatMap(
      (schema) => schema.rules ?? [],
    ),
  );
  expect(rules.size).toBe(36);
  expect(rules).toContain("duration(self) >= duration('1ms')");
});

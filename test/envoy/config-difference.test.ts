import { describe, expect, it } from 'vitest';
import { compareDumps, type ObjectDifference } from '../../src/envoy/config-difference.ts';
import { type ConfigDump, readConfigDump } from '../../src/envoy/config-dump.ts';

const dump = (...sections: readonly (readonly [string, object])[]): ConfigDump => {
  const configs = sections.map(([name, fields]) => ({
    '@type': `type.googleapis.com/envoy.admin.v3.${name}ConfigDump`,
    ...fields,
  }));
  const read = readConfigDump({ configs });
  if ('severity' in read) throw new Error(read.message);
  return read;
};

const clusters = (...configs: readonly object[]): ConfigDump =>
  dump(['Clusters', { dynamic_active_clusters: configs.map((cluster) => ({ cluster })) }]);

const objects = (wanted: ConfigDump, found: ConfigDump, part = 'Clusters'): readonly ObjectDifference[] =>
  compareDumps(wanted, found).find((each) => each.part === part)?.objects ?? [];

const fields = (wanted: object, found: object) =>
  objects(clusters({ name: 'a', ...wanted }), clusters({ name: 'a', ...found }))[0]?.fields;

describe('fields', () => {
  it.each([
    ['one that is missing', { type: 'EDS' }, {}, [{ path: 'type', wanted: 'EDS', found: undefined }]],
    ['one within another', { a: { b: 1 } }, { a: { b: 2 } }, [{ path: 'a.b', wanted: 1, found: 2 }]],
    ['one of another kind', { a: { b: 1 } }, { a: [1] }, [{ path: 'a', wanted: { b: 1 }, found: [1] }]],
    [
      'an item of a list by its place',
      { list: [1, 2] },
      { list: [1, 3, 4] },
      [
        { path: 'list[1]', wanted: 2, found: 3 },
        { path: 'list[2]', wanted: undefined, found: 4 },
      ],
    ],
    [
      'an item of a list by its name, so that one more does not move the others',
      { list: [{ name: 'x', v: 1 }, { name: 'y' }] },
      { list: [{ name: 'z' }, { name: 'x', v: 2 }, { name: 'y' }] },
      [
        { path: 'list[name=x].v', wanted: 1, found: 2 },
        { path: 'list[name=z]', wanted: undefined, found: { name: 'z' } },
      ],
    ],
    [
      'the order of named items',
      { list: [{ name: 'x' }, { name: 'y' }] },
      { list: [{ name: 'y' }, { name: 'x' }] },
      [{ path: 'list[*].name', wanted: ['x', 'y'], found: ['y', 'x'] }],
    ],
  ])('that differ are told: %s', (_title, wanted, found, expected) => {
    expect(fields(wanted, found)).toEqual(expected);
  });

  it('are equal in both spellings, and where only the type of the envelope is told', () => {
    const typed = { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', connect_timeout: '1s' };
    expect(fields(typed, { connectTimeout: '1s' })).toBeUndefined();
  });

  it('never show secrets, which Envoy hides and istiod does not', () => {
    const secret = (key: string) => ({ private_key: { inline_string: key }, note: key.length });
    const differing = fields(secret('CANARY'), secret('[redacted]'));
    expect(differing).toEqual([{ path: 'note', wanted: 6, found: 10 }]);
  });
});

describe('objects', () => {
  it('say that they are still warming', () => {
    const found = dump(['Clusters', { dynamic_warming_clusters: [{ cluster: { name: 'a' } }] }]);
    expect(objects(clusters({ name: 'a' }), found)).toEqual([
      { name: 'a', change: 'differs', fields: [], reason: 'it is still warming' },
    ]);
  });

  it('say why they are not in use', () => {
    const listener = { name: 'l', '@type': 'x' };
    const wanted = dump(['Listeners', { dynamic_listeners: [{ name: 'l', active_state: { listener } }] }]);
    const refused = { name: 'l', error_state: { details: 'no such filter' } };
    const never = dump(['Listeners', { dynamic_listeners: [refused] }]);
    expect(objects(wanted, never, 'Listeners')).toEqual([
      { name: 'l', change: 'missing', fields: [], reason: 'no such filter' },
    ]);
  });

  it('of extensions are compared where there are any', () => {
    const extension = (config: object) => dump(['Ecds', { ecds_filters: [{ ecds_filter: { name: 'e', ...config } }] }]);
    expect(objects(extension({ a: 1 }), extension({ a: 2 }), 'Extensions')).toHaveLength(1);
    expect(compareDumps(clusters(), clusters()).map(({ part }) => part)).toEqual(['Clusters', 'Listeners', 'Routes']);
  });
});

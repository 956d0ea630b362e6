import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GoField, MeshProto, ProtoField, ProtoSet } from '../../../src/model/typed/descriptor.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../../src/model/typed/load.ts';

const schema = resolve(import.meta.dirname, '../../../../shared/corpus/schema');
const recorded = <T>(name: string): T => JSON.parse(readFileSync(resolve(schema, `${name}.json`), 'utf8')) as T;

/** The record was made with a development version, which has these fields more. */
const LATER = new Set([
  'default_inbound_http_retry_policy',
  'enablementSelectors',
  'shareHostNetworkNamespace',
  'enableAmbientDetectionRetry',
]);

/** The record calls OpenShift's package by the same name as Kubernetes' apps/v1, and knows no embedding. */
const asRecorded = ({ embedded: _, type, ...field }: GoField): unknown => ({
  ...field,
  type: type.replace('openshift/', ''),
});

describe.skipIf(!existsSync(schema))('descriptors', () => {
  it('of Go structs say what was recorded', async () => {
    const structs = await loadGoStructs();
    const { types } = recorded<{ types: Record<string, unknown[]> }>('k8s-types');
    for (const [name, fields] of Object.entries(types)) {
      const known = [structs[name], structs[`openshift/${name}`]].flatMap((each) =>
        each ? [each.map(asRecorded)] : [],
      );
      expect(known, name).toContainEqual(fields);
    }
  });

  it('of messages say what was recorded, but for later fields', async () => {
    const pairs: readonly (readonly [ProtoSet, ProtoSet])[] = [
      [await loadMeshProto(), recorded<MeshProto>('mesh-proto')],
      [await loadValuesProto(), recorded<ProtoSet>('values-proto')],
    ];
    for (const [ours, theirs] of pairs) {
      expect(ours.enums).toEqual(theirs.enums);
      for (const [name, fields] of Object.entries(theirs.messages)) {
        const shape = (each: readonly ProtoField[] | null | undefined): unknown =>
          (each ?? [])
            .filter((field) => !LATER.has(field.name))
            .map(({ name: key, json, oneof }) => [key, json, oneof]);
        expect(shape(ours.messages[name]), name).toEqual(shape(fields));
      }
    }
  });

  it('of the mesh hold the default configuration that was recorded', async () => {
    const { defaultMeshConfig } = await loadMeshProto();
    expect(defaultMeshConfig).toEqual(recorded<MeshProto>('mesh-proto').defaultMeshConfig);
  });
});

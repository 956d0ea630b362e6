import type { Schema } from '../schema.ts';
import { compactSchema, isSource, type Source } from './compact.ts';

/** One served version of a CustomResourceDefinition. */
export interface CrdVersion {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly version: string;
  readonly scope: string;
  readonly schema: Schema;
}

/** The served versions of every CRD document; status is the controllers' business and stays unchecked. */
export const readCrds = (documents: readonly unknown[]): readonly CrdVersion[] =>
  documents.flatMap((document) => {
    const spec = isSource(document) && document['kind'] === 'CustomResourceDefinition' ? document['spec'] : undefined;
    if (!isSource(spec) || !isSource(spec['names']) || !Array.isArray(spec['versions'])) return [];
    const names = spec['names'];
    return spec['versions']
      .filter((version: Source) => version['served'] === true)
      .map((version: Source): CrdVersion => {
        const frame = version['schema'];
        const schema = isSource(frame) && isSource(frame['openAPIV3Schema']) ? frame['openAPIV3Schema'] : {};
        return {
          group: String(spec['group']),
          kind: String(names['kind']),
          plural: String(names['plural']),
          version: String(version['name']),
          scope: String(spec['scope']),
          schema: withoutFrame(compactSchema(schema, () => undefined)),
        };
      });
  });

const withoutFrame = (schema: Schema): Schema => {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status, ...properties } = schema.properties ?? {};
  const required = schema.required?.filter((name) => name in properties);
  const { required: _required, ...rest } = schema;
  return {
    ...rest,
    ...(required !== undefined && required.length > 0 && { required }),
    properties: { ...properties, ...(status && { status: { type: 'object', open: true } }) },
  };
};

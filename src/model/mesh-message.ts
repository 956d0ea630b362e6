import type { Problem, Severity } from '../base/problem.ts';
import type { Span } from '../base/span.ts';
import type { Plain } from '../yaml/plain.ts';
import type { Schema, SchemaSet } from './schema/schema.ts';
import { decodeFields } from './structure.ts';

export interface MessageRules {
  /** What the reader calls the message, before each problem. */
  readonly title: string;
  /** Where an entry of a container stands, and the object it belongs to. */
  readonly at: (
    container: object,
    key?: string | number,
    part?: 'key' | 'value',
  ) => { readonly span: Span; readonly resource: string };
  /** istiod passes over fields it does not know; a person who wrote one meant something by it. */
  readonly unknownFields: Severity;
}

/** Checks one of the messages istiod reads from its ConfigMap against its protobuf definition. */
export const decodeMessage = (
  fields: Plain,
  root: 'MeshConfig' | 'MeshNetworks',
  { roots, definitions }: SchemaSet,
  { title, at, unknownFields }: MessageRules,
): { readonly decoded: Plain; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const schema: Schema = roots[root] ?? {};
  const decoded = decodeFields(fields, schema, {
    definitions,
    convention: 'proto',
    report: ({ code, message, hint, place }) => {
      problems.push({
        severity: code === 'UNKNOWN_FIELD' ? unknownFields : 'error',
        code,
        message: `${title}: ${message}`,
        ...at(place.container, place.key, place.part),
        ...(hint !== undefined && { hint }),
      });
    },
  });
  return { decoded, problems };
};

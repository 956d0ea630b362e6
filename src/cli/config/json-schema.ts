import { DEFINITION, type Definition } from './definition.ts';

const convert = ({
  type,
  description,
  properties,
  required,
  items,
  values,
  oneOrMany,
  ...bounds
}: Definition): object => ({
  ...(type && { type }),
  description,
  ...bounds,
  ...(oneOrMany && { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] }),
  ...(values && { additionalProperties: convert(values) }),
  ...(items && { items: convert(items) }),
  ...(properties && {
    properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, convert(value)])),
    ...(required && { required }),
    additionalProperties: false,
  }),
});

/** The JSON Schema of `.heddle.yaml`, as `templates/schema/heddle.schema.json` publishes it. */
export const configSchema = (): string => schemaText('.heddle.yaml', DEFINITION);

/** A definition as the text of a JSON Schema. */
export const schemaText = (title: string, definition: Definition): string =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title, ...convert(definition) }, null, 2)}\n`;

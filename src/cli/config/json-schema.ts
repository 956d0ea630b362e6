import { DEFINITION, type Definition } from './definition.ts';

const convert = ({ type, description, properties, required, items, ...bounds }: Definition): object => ({
  type,
  description,
  ...bounds,
  ...(items && { items: convert(items) }),
  ...(properties && {
    properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, convert(value)])),
    ...(required && { required }),
    additionalProperties: false,
  }),
});

/** The JSON Schema of `.heddle.yaml`, as `templates/schema/heddle.schema.json` publishes it. */
export const configSchema = (): string =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title: '.heddle.yaml', ...convert(DEFINITION) }, null, 2)}\n`;

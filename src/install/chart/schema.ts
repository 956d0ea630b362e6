import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { Chart } from './chart.ts';
import { validateSchema } from './json-schema.ts';

/** What values.schema.json of a chart, and those of its subcharts, have against the values. */
export const checkSchemas = (chart: Chart, values: Plain): readonly Problem[] => [
  ...(chart.schema === undefined ? [] : checkOne(chart.name, chart.schema, values)),
  ...chart.dependencies.flatMap((child) => {
    const inner = values[child.name];
    return isObject(inner) ? checkSchemas(child, inner) : [];
  }),
];

const bad = (message: string): Problem => ({ severity: 'error', code: 'VALUES_SCHEMA', message });

const checkOne = (name: string, text: string, values: Plain): readonly Problem[] => {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return [bad(`values.schema.json of the chart ${name} is not JSON`)];
  }
  return validateSchema(schema, values).map(({ path, message }) =>
    bad(`${path.length === 0 ? 'the values' : path.join('.')} of the chart ${name} ${message}`),
  );
};

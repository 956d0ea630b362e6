import { isObject } from '../../model/value.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import type { Chart } from '../chart/chart.ts';
import { cloneValue } from './overlay.ts';

/** Values as a chart's templates get them, and what could not be merged. */
export interface Coalesced {
  readonly values: Plain;
  readonly warnings: readonly string[];
}

/**
 * The user's values over those of a chart and, under their names, of its subcharts: maps merge, null removes a default, a
 * map is never replaced by something else. Nulls stay where `keepNulls`. The arguments are not changed.
 */
export const coalesceValues = (chart: Chart, user: Plain, keepNulls = false): Coalesced => {
  const values = cloneValue(user);
  const warnings: string[] = [];
  coalesceChart(warnings, chart, values, '', keepNulls);
  return { values, warnings };
};

const below = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}.${key}`);

const coalesceChart = (warnings: string[], chart: Chart, values: Plain, prefix: string, keepNulls: boolean): void => {
  coalesceOwn(warnings, chart, values, below(prefix, chart.name), keepNulls);
  for (const child of chart.dependencies) {
    values[child.name] ??= createPlain();
    const inner = values[child.name];
    if (!isObject(inner)) {
      warnings.push(`values of the subchart ${child.name} must be a mapping`);
      values[child.name] = createPlain();
      continue;
    }
    const childPrefix = below(prefix, chart.name);
    passGlobals(warnings, inner, values, childPrefix);
    coalesceChart(warnings, child, inner, childPrefix, keepNulls);
  }
};

/** Puts a chart's own defaults under its values. */
const coalesceOwn = (warnings: string[], chart: Chart, values: Plain, prefix: string, keepNulls: boolean): void => {
  for (const [key, fallback] of Object.entries(cloneValue(chart.values))) {
    if (!Object.hasOwn(values, key)) {
      if (!keepNulls && isObject(fallback)) dropNulls(fallback);
      if (keepNulls || fallback !== null) values[key] = fallback;
      continue;
    }
    const value = values[key];
    if (value === null && !keepNulls) delete values[key];
    else if (isObject(value) && isObject(fallback)) {
      const keep = keepNulls || chart.dependencies.some(({ name }) => name === key);
      if (!keep) dropNulls(fallback);
      mergeTables(warnings, value, fallback, below(prefix, key), keep);
    } else if (isObject(value) && fallback !== null) {
      warnings.push(`the default of ${below(prefix, key)} is no mapping and is left out`);
    }
  }
};

const dropNulls = (map: Plain): void => {
  for (const [key, value] of Object.entries(map)) {
    if (value === null) delete map[key];
    else if (isObject(value)) dropNulls(value);
  }
};

/** Puts `source` under `target`, which is changed; a null in the target removes what the source has there. */
export const mergeTables = (
  warnings: string[],
  target: Plain,
  source: Plain,
  prefix: string,
  keepNulls: boolean,
): void => {
  for (const [key, value] of Object.entries(source)) {
    const name = below(prefix, key);
    if (!Object.hasOwn(target, key)) {
      target[key] = value;
      continue;
    }
    const own = target[key];
    if (own === null && value !== null && !keepNulls) delete target[key];
    else if (isObject(value) && isObject(own)) mergeTables(warnings, own, value, name, keepNulls);
    // A null that is kept hides the table without a word.
    else if (isObject(value) && own !== null)
      warnings.push(`${name} is a mapping in the chart and is not replaced by ${String(own)}`);
    else if (isObject(own) && value !== null) warnings.push(`the default of ${name} is no mapping and is left out`);
  }
};

const passGlobals = (warnings: string[], target: Plain, source: Plain, prefix: string): void => {
  const { global: own = createPlain() } = target;
  const { global: given = createPlain() } = source;
  if (!isObject(own) || !isObject(given)) {
    warnings.push(`global of ${prefix} is no mapping and is not passed on`);
    return;
  }
  for (const [key, value] of Object.entries(given)) {
    const known = own[key];
    if (isObject(value) && isObject(known)) {
      const merged = cloneValue(value);
      mergeTables(warnings, merged, known, below(prefix, key), true);
      own[key] = merged;
    } else if (isObject(value) && known !== undefined) warnings.push(`global.${key} of ${prefix} is no mapping`);
    else if (isObject(known)) warnings.push(`global.${key} of ${prefix} is a mapping`);
    else own[key] = cloneValue(value);
  }
  target['global'] = own;
};

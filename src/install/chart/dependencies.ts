import { isObject } from '../../model/value.ts';
import { satisfies } from '../../template/functions/sprig/semver.ts';
import { FunctionError } from '../../template/functions.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { coalesceValues, mergeTables } from '../values/coalesce.ts';
import { cloneValue, nested } from '../values/overlay.ts';
import { read, readMap } from '../values/path.ts';
import type { Chart } from './chart.ts';

/** One entry of `dependencies` in Chart.yaml. */
interface Dependency {
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly imports: readonly unknown[];
}

/**
 * The chart as these values want it: dependencies under their aliases, without those that a condition or a tag turns off,
 * and with the values it imports from them among its own.
 */
export const resolveDependencies = (chart: Chart, user: Plain): Chart =>
  importValues(selectDependencies(chart, user, ''));

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

const dependenciesOf = (chart: Chart): readonly Dependency[] => {
  const { dependencies } = chart.metadata;
  return (Array.isArray(dependencies) ? dependencies : []).filter(isObject).map((each) => ({
    name: text(each['name']),
    alias: text(each['alias']),
    version: text(each['version']),
    condition: text(each['condition']),
    tags: Array.isArray(each['tags']) ? each['tags'].map(text) : [],
    imports: Array.isArray(each['import-values']) ? each['import-values'] : [],
  }));
};

const matches = ({ name, version }: Dependency, chart: Chart): boolean => {
  if (chart.name !== name) return false;
  try {
    return satisfies(version, text(chart.metadata['version']));
  } catch (error) {
    if (error instanceof FunctionError) return false;
    throw error;
  }
};

const aliased = (chart: Chart, { alias }: Dependency): Chart =>
  alias === '' ? chart : { ...chart, name: alias, metadata: { ...chart.metadata, name: alias } };

const selectDependencies = (chart: Chart, values: Plain, path: string): Chart => {
  const declared = dependenciesOf(chart);
  if (declared.length === 0) return chart;
  const undeclared = chart.dependencies.filter((child) => !declared.some((each) => matches(each, child)));
  const found = declared.flatMap((each) => {
    const child = chart.dependencies.find((one) => matches(each, one));
    return child === undefined ? [] : [aliased(child, each)];
  });
  const all = { ...chart, dependencies: [...undeclared, ...found] };
  const { values: coalesced } = coalesceValues(all, values);
  const off = new Set(
    declared
      .filter((each) => !isEnabled(each, coalesced, path))
      .map(({ alias, name }) => (alias === '' ? name : alias)),
  );
  const kept = all.dependencies.filter(({ name }) => !off.has(name));
  return {
    ...all,
    dependencies: kept.map((child) => selectDependencies(child, coalesced, `${path}${child.name}.`)),
  };
};

/** The first condition that is a boolean decides; without one, a tag that is false and none that is true turns it off. */
const isEnabled = ({ condition, tags }: Dependency, values: Plain, path: string): boolean => {
  for (const name of condition.trim().split(',')) {
    const value = name === '' ? undefined : read(values, path + name);
    if (typeof value === 'boolean') return value;
  }
  const given = tags.map((tag) => read(values, `tags.${tag}`));
  return given.includes(true) || !given.includes(false);
};

/** Takes over `import-values`, of the deepest charts first; a chart's own values win over what it imports. */
const importValues = (chart: Chart): Chart => {
  const resolved = { ...chart, dependencies: chart.dependencies.map(importValues) };
  const declared = dependenciesOf(chart).filter(({ imports }) => imports.length > 0);
  if (declared.length === 0) return resolved;
  const { values } = coalesceValues(resolved, createPlain(), true);
  const imported = createPlain();
  for (const { name, alias, imports } of declared) {
    for (const each of imports) {
      const from = typeof each === 'string' ? `exports.${each}` : text(isObject(each) && each['child']);
      const to = isObject(each) ? text(each['parent']) : '.';
      const table = readMap(values, `${alias === '' ? name : alias}.${from}`);
      if (table === undefined) continue;
      const placed = to === '.' ? cloneValue(table) : nested(to.split('.'), cloneValue(table));
      mergeTables([], imported, placed, '', true);
    }
  }
  mergeTables([], values, imported, '', true);
  return { ...resolved, values };
};

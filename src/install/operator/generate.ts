import { hasErrors, type Problem } from '../../base/problem.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { Chart, FileTree } from '../chart/chart.ts';
import { type Platform, type RenderedChart, renderChart } from '../chart/render.ts';
import { type ManifestObject, parseObjects } from '../manifest/object.ts';
import { read } from '../values/path.ts';
import { loadComponentChart } from './component-chart.ts';
import { type ComponentSpec, componentSpecs, componentValues } from './component-spec.ts';
import { COMPONENTS, type Component } from './components.ts';
import { effectiveOperator, withUnvalidated } from './effective.ts';
import type { Inputs } from './inputs.ts';
import { applyOverlays } from './overlays.ts';
import { applySettings } from './settings.ts';
import { type Descriptors, validateOperator } from './validate.ts';

/** The objects of one component. */
interface ComponentManifest {
  readonly component: Component;
  readonly objects: readonly ManifestObject[];
}

/** An installation: its objects by component, in the order of the components, and the operator they were made from. */
export interface Installation {
  readonly operator: Plain;
  readonly components: readonly ComponentManifest[];
  /** With an error among them, components may be missing. */
  readonly problems: readonly Problem[];
}

export interface GenerateOptions {
  /** Invalid settings are warnings. */
  readonly force: boolean;
  /** Names of the components to render; all where there are none. */
  readonly components: readonly string[];
}

/** The name every chart is released under. */
const RELEASE = 'istio';

/** Renders the charts and profiles of a tree for what the user asks. Never throws for what either of them says. */
export const generate = (
  tree: FileTree,
  inputs: Inputs,
  descriptors: Descriptors,
  platform: Platform,
  { force, components: wanted }: GenerateOptions,
): Installation => {
  const effective = effectiveOperator(tree, inputs);
  const problems: Problem[] = [...inputs.problems, ...effective.problems];
  if (!hasErrors(problems)) problems.push(...validated(effective.operator, inputs, descriptors, force));
  if (hasErrors(problems)) return { operator: effective.operator, components: [], problems };
  const operator = withUnvalidated(effective.operator);
  const components = COMPONENTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map((component) => ({
    component,
    objects: componentSpecs(component, operator).flatMap((spec) => {
      // After an error nothing more is rendered: every chart would say the same.
      if (hasErrors(problems)) return [];
      return renderComponent(tree, component, spec, operator, descriptors, platform, problems);
    }),
  }));
  return { operator, components, problems };
};

const validated = (operator: Plain, inputs: Inputs, descriptors: Descriptors, force: boolean): readonly Problem[] => {
  const problems = validateOperator(operator, inputs, descriptors);
  return force ? problems.map((problem) => ({ ...problem, severity: 'warning' })) : problems;
};

const renderComponent = (
  tree: FileTree,
  component: Component,
  spec: ComponentSpec,
  operator: Plain,
  { structs }: Descriptors,
  platform: Platform,
  problems: Problem[],
): readonly ManifestObject[] => {
  const loaded = loadComponentChart(tree, component);
  problems.push(...loaded.problems);
  if (loaded.chart === undefined) return [];
  const values = componentValues(structs, component, spec, operator);
  const rendered = renderChart(loaded.chart, values, { name: RELEASE, namespace: spec.namespace }, platform);
  problems.push(...rendered.problems.map((problem) => ({ ...problem, resource: `chart ${rendered.chart.name}` })));
  const objects = objectsOf(rendered, values, problems);
  const revision = read(operator, 'spec.values.revision');
  const settled = applySettings(structs, component, spec, typeof revision === 'string' ? revision : '', objects);
  const overlaid = applyOverlays(spec, settled.objects);
  problems.push(...settled.problems, ...overlaid.problems);
  return overlaid.objects;
};

const NOTE = /^WARNING: (.*)$/gm;

/** Objects of templates by name, then those of `crds`; notes of a chart give warnings. */
const objectsOf = (
  { chart, outputs }: RenderedChart,
  values: Plain,
  problems: Problem[],
): readonly ManifestObject[] => {
  const names = [...outputs.keys()].toSorted((left, right) => (left < right ? -1 : 1));
  const texts = names.map((name) => [name, outputs.get(name) ?? ''] as const);
  const notes = texts.filter(([name]) => name.endsWith('.txt')).flatMap(([, text]) => [...text.matchAll(NOTE)]);
  problems.push(...notes.map(([, message = '']): Problem => ({ severity: 'warning', code: 'CHART_WARNING', message })));
  const hasCrds = chart.name !== 'base' || read(values, 'base.enableIstioConfigCRDs') !== false;
  const manifests = texts.filter(([name]) => !name.endsWith('.txt'));
  return [...manifests, ...(hasCrds ? crdsOf(chart, '') : [])].flatMap(([name, text]) => {
    const parsed = parseObjects(name, text);
    problems.push(...parsed.problems);
    return parsed.objects;
  });
};

const crdsOf = (chart: Chart, parent: string): readonly (readonly [string, string])[] => {
  const path = parent === '' ? chart.name : `${parent}/charts/${chart.name}`;
  const own = chart.files
    .filter(({ name }) => name.startsWith('crds/') && /\.(ya?ml|json)$/i.test(name))
    .map(({ name, text }) => [`${path}/${name}`, text] as const);
  return [...own, ...chart.dependencies.flatMap((child) => crdsOf(child, path))];
};

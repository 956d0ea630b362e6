import type { Problem } from '../../base/problem.ts';
import { helmFunctions } from '../../template/functions/helm.ts';
import { helmExecutionError, helmParseError } from '../../template/functions/helm-error.ts';
import { basePath } from '../../template/functions/sprig/paths.ts';
import { type SprigPlatform, sprigFunctions } from '../../template/functions/sprig.ts';
import { functionTable } from '../../template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../template/template.ts';
import { anyMap, fromPlain, GoMap, type GoValue, int } from '../../template/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { coalesceValues } from '../values/coalesce.ts';
import { type Cluster, capabilitiesOf } from './capabilities.ts';
import type { Chart } from './chart.ts';
import { resolveDependencies } from './dependencies.ts';
import { chartFiles } from './files.ts';
import { chartMetadata } from './metadata.ts';
import { checkSchemas } from './schema.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** Where charts are rendered: the cluster they ask about, and time and chance for their functions. */
export interface Platform extends SprigPlatform {
  readonly cluster: Cluster;
}

/** What rendering gave: the output of each template by `CHART/templates/FILE`, notes included. */
export interface RenderedChart {
  /** The chart as its values made it, without dependencies that are off. */
  readonly chart: Chart;
  readonly outputs: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** One template, the path it goes by, and the root that it shares with the others of its chart. */
interface Template {
  readonly path: string;
  readonly text: string;
  readonly root: Map<string, GoValue>;
  readonly base: string;
}

/**
 * Renders a chart and its subcharts as helm does: all templates are parsed, then executed, the deeper and the later by name
 * first, on one root per chart that they may change for those after them.
 */
export const renderChart = (chart: Chart, user: Plain, release: Release, platform: Platform): RenderedChart => {
  const resolved = resolveDependencies(chart, user);
  const { values, warnings } = coalesceValues(resolved, user);
  const problems: Problem[] = [
    ...warnings.map((message): Problem => ({ severity: 'warning', code: 'CHART_VALUES', message })),
    ...checkSchemas(resolved, values),
  ];
  if (problems.some(({ severity }) => severity === 'error')) return { chart: resolved, outputs: new Map(), problems };
  const shared = new Map<string, GoValue>([
    ['Release', releaseOf(release)],
    ['Capabilities', capabilitiesOf(platform.cluster)],
  ]);
  const templates: Template[] = [];
  collect(resolved, '', fromPlain(values), shared, templates);
  const { outputs, error } = execute(templates.toSorted(byDepthThenName), platform);
  if (error !== undefined) problems.push({ severity: 'error', code: 'CHART_FAILED', message: error });
  return { chart: resolved, outputs, problems };
};

const releaseOf = ({ name, namespace }: Release): GoValue =>
  anyMap(
    new Map<string, GoValue>([
      ['Name', name],
      ['Namespace', namespace],
      ['IsUpgrade', false],
      ['IsInstall', false],
      ['Revision', int(0)],
      ['Service', 'Helm'],
    ]),
  );

const collect = (
  chart: Chart,
  parent: string,
  values: GoValue,
  shared: ReadonlyMap<string, GoValue>,
  templates: Template[],
): GoMap => {
  const path = parent === '' ? chart.name : `${parent}/charts/${chart.name}`;
  const subcharts = new Map<string, GoValue>();
  const root = new Map<string, GoValue>([
    ...shared,
    ['Chart', chartMetadata(chart.metadata, parent === '')],
    ['Files', chartFiles(chart.files)],
    ['Values', values],
    ['Subcharts', anyMap(subcharts)],
  ]);
  for (const child of chart.dependencies) {
    const inner = values instanceof GoMap ? values.entries?.get(child.name) : undefined;
    subcharts.set(child.name, collect(child, path, inner ?? anyMap(), shared, templates));
  }
  const isLibrary = String(chart.metadata['type'] ?? '').toLowerCase() === 'library';
  for (const { name, text } of chart.templates) {
    if (isLibrary && !isPartial(name)) continue;
    templates.push({ path: `${path}/${name}`, text, root, base: `${path}/templates` });
  }
  return anyMap(root);
};

const isPartial = (path: string): boolean => basePath(path).startsWith('_');

const byDepthThenName = (left: Template, right: Template): number => {
  const depth = right.path.split('/').length - left.path.split('/').length;
  return depth !== 0 ? depth : left.path < right.path ? 1 : -1;
};

const execute = (
  templates: readonly Template[],
  platform: SprigPlatform,
): { readonly outputs: ReadonlyMap<string, string>; readonly error?: string } => {
  const functions = functionTable(sprigFunctions(platform), helmFunctions);
  const set = createTemplates('gotpl', { functions, missingKey: 'zero' });
  for (const { path, text } of templates) {
    const error = parseTemplate(set, path, text);
    if (error !== undefined) return { outputs: new Map(), error: helmParseError(path, error) };
  }
  const outputs = new Map<string, string>();
  for (const { path, root, base } of templates) {
    if (isPartial(path)) continue;
    root.set(
      'Template',
      anyMap(
        new Map([
          ['Name', path],
          ['BasePath', base],
        ]),
      ),
    );
    const rendered = render(set, path, anyMap(root));
    if ('error' in rendered) return { outputs, error: helmExecutionError(rendered.error) };
    outputs.set(path, rendered.output.replaceAll('<no value>', ''));
  }
  return { outputs };
};

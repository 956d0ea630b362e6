import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { overlay } from '../values/overlay.ts';

/** Texts by path, `/` between the parts. */
export type FileTree = ReadonlyMap<string, string>;

export interface ChartFile {
  /** Within the chart: `templates/deployment.yaml`. */
  readonly name: string;
  readonly text: string;
}

/** A Helm chart; its name is that of Chart.yaml, or the alias its parent gave it. */
export interface Chart {
  readonly name: string;
  /** Chart.yaml. */
  readonly metadata: Plain;
  readonly values: Plain;
  /** values.schema.json. */
  readonly schema: string | undefined;
  readonly templates: readonly ChartFile[];
  readonly files: readonly ChartFile[];
  readonly dependencies: readonly Chart[];
}

export interface LoadedChart {
  readonly chart: Chart | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads the chart in a directory of the tree (the empty text is the root), with the subcharts in its `charts`. A file that
 * is missing or does not parse is a problem, and then there is no chart.
 */
export const loadChart = (tree: FileTree, directory: string): LoadedChart => {
  const prefix = directory === '' ? '' : `${directory}/`;
  const files = [...tree]
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, text]) => ({ name: path.slice(prefix.length), text }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const problems: Problem[] = [];
  const chart = assemble(files, prefix, problems);
  return problems.length > 0 ? { chart: undefined, problems } : { chart, problems };
};

const bad = (message: string, hint?: string): Problem => ({
  severity: 'error',
  code: 'BAD_CHART',
  message,
  ...(hint !== undefined && { hint }),
});

/** The mappings of a file of YAML documents, the later over the earlier. */
const readMapping = (files: readonly ChartFile[], prefix: string, name: string, problems: Problem[]): Plain => {
  const file = files.find((each) => each.name === name);
  if (file === undefined) return createPlain();
  const loaded = loadYaml({ name: prefix + name, text: file.text });
  problems.push(
    ...loaded.problems.filter(({ code, severity }) => severity === 'error' && code !== 'YAML_DUPLICATE_KEY'),
  );
  return loaded.documents.reduce<Plain>((map, { value, span }) => {
    if (isObject(value)) return overlay(map, value);
    if (value !== null) problems.push({ ...bad(`${prefix}${name} must be a mapping`), span });
    return map;
  }, createPlain());
};

const assemble = (files: readonly ChartFile[], prefix: string, problems: Problem[]): Chart | undefined => {
  if (!files.some(({ name }) => name === 'Chart.yaml')) {
    problems.push(
      bad(`there is no chart in ${prefix === '' ? '.' : prefix}`, 'a chart is a directory with a Chart.yaml'),
    );
    return undefined;
  }
  const metadata = readMapping(files, prefix, 'Chart.yaml', problems);
  const { name, version } = metadata;
  if (typeof name !== 'string' || name === '') problems.push(bad(`${prefix}Chart.yaml must have a name`));
  if (version === undefined) problems.push(bad(`${prefix}Chart.yaml must have a version`));
  const requirements =
    metadata['apiVersion'] === 'v2' ? createPlain() : readMapping(files, prefix, 'requirements.yaml', problems);
  return {
    name: String(name),
    metadata: overlay({ apiVersion: 'v1', ...metadata }, requirements),
    values: readMapping(files, prefix, 'values.yaml', problems),
    schema: files.find((file) => file.name === 'values.schema.json')?.text,
    templates: files.filter((file) => file.name.startsWith('templates/')),
    files: files.filter((file) => !OWN.has(file.name) && !/^(templates|charts)\//.test(file.name)),
    dependencies: subcharts(files, prefix, problems),
  };
};

/** What `.Files` of a chart does not have. */
const OWN: ReadonlySet<string> = new Set(['Chart.yaml', 'Chart.lock', 'values.yaml', 'values.schema.json']);

const subcharts = (files: readonly ChartFile[], prefix: string, problems: Problem[]): readonly Chart[] => {
  const byName = new Map<string, ChartFile[]>();
  for (const { name, text } of files) {
    const [, directory = '', rest] = /^charts\/([^/]+)(?:\/(.+))?$/.exec(name) ?? [];
    if (directory === '' || /^[_.]/.test(directory) || directory.endsWith('.prov')) continue;
    if (rest !== undefined) byName.set(directory, [...(byName.get(directory) ?? []), { name: rest, text }]);
    else if (directory.endsWith('.tgz')) {
      problems.push(bad(`${prefix}${name} is packed`, 'unpack it into a directory of its own'));
    }
  }
  return [...byName].flatMap(([name, inner]) => assemble(inner, `${prefix}charts/${name}/`, problems) ?? []);
};

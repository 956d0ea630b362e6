import type { ClusterSources } from '../../src/analysis/input.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';

/** One case of a check's page: a heading, a block of YAML, and what must be found on which of its lines. */
export interface PageCase {
  readonly title: string;
  readonly yaml: string;
  /** `12 error: IST0101`, sorted. */
  readonly expected: readonly string[];
  /** The input as files: that of the analyzed cluster, and one for each cluster that a document names. */
  readonly own: SourceText;
  readonly clusters: readonly ClusterSources[];
}

const CLUSTER = /^# cluster (\S+)$/m;

/** Documents that begin with `# cluster NAME` are that cluster's; lines keep their numbers in every file. */
const split = (yaml: string): Pick<PageCase, 'own' | 'clusters'> => {
  const documents = yaml.split(/^---$/m).map((text) => ({ text, cluster: CLUSTER.exec(text)?.[1] }));
  const source = (wanted: string | undefined): SourceText => ({
    name: 'case.yaml',
    text: documents.map(({ text, cluster }) => (cluster === wanted ? text : text.replace(/[^\n]/g, ''))).join('---'),
  });
  const names = new Set(documents.flatMap(({ cluster }) => cluster ?? []));
  return { own: source(undefined), clusters: [...names].map((name) => ({ name, sources: [source(name)] })) };
};

const EXPECTATION = /#(?:.*--)?\s*((?:error|warning|info): [A-Z]+\d+(?:, (?:error|warning|info): [A-Z]+\d+)*)\s*$/;

const expectationsOf = (yaml: string): readonly string[] =>
  yaml
    .split('\n')
    .flatMap((line, at) => (EXPECTATION.exec(line)?.[1]?.split(', ') ?? []).map((words) => `${at + 1} ${words}`))
    .sort();

/** The cases of a page; a heading without a block throws. */
export const casesOf = (page: string): readonly PageCase[] => {
  const [, ...sections] = page.split(/^## Case: /m);
  return sections.map((section) => {
    const title = section.split('\n')[0] ?? '';
    const yaml = /^```yaml\n(.*?)^```$/ms.exec(section)?.[1];
    if (yaml === undefined) throw new Error(`case "${title}" has no yaml block`);
    return { title, yaml, expected: expectationsOf(yaml), ...split(yaml) };
  });
};

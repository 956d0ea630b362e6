import { type Chart, type FileTree, type LoadedChart, loadChart } from '../chart/chart.ts';
import type { Component } from './components.ts';

/** What is part of every chart of heddle's tree; Istio's has no such thing. */
const SHARED = 'charts/shared/';

/**
 * The chart of a component in Istio's own tree or in heddle's. In the latter, `charts/shared` is part of every chart, the
 * templates of `injection` are its `files/injection`, and one chart serves both sorts of gateways under Istio's names.
 */
export const loadComponentChart = (tree: FileTree, { chart, ownChart }: Component): LoadedChart => {
  const isHeddles = [...tree.keys()].some((path) => path.startsWith(SHARED));
  if (!isHeddles) return loadChart(tree, `charts/${tree.has(`charts/${chart}/Chart.yaml`) ? chart : ownChart}`);
  const loaded = loadChart(ownChartTree(tree, ownChart), '');
  const name = /^gateways\/(.*)/.exec(chart)?.[1];
  return loaded.chart === undefined || name === undefined ? loaded : { ...loaded, chart: named(loaded.chart, name) };
};

/** As a component it takes the values of all components, and not those its schema is about. */
const named = (chart: Chart, name: string): Chart => ({
  ...chart,
  name,
  metadata: { ...chart.metadata, name },
  schema: undefined,
});

/** The files of one of heddle's charts as helm takes a chart, those it shares with the others among them. */
export const ownChartTree = (tree: FileTree, chart: string): FileTree => {
  // Where the files of a directory stand in a chart; the later win.
  const parts = [
    [SHARED, ''],
    ['injection/', 'files/injection/'],
    [`charts/${chart}/`, ''],
  ] as const;
  return new Map(
    parts.flatMap(([from, to]) =>
      [...tree]
        .filter(([path]) => path.startsWith(from))
        .map(([path, text]): [string, string] => [to + path.slice(from.length), text]),
    ),
  );
};

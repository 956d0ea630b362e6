import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasErrors } from '../../src/base/problem.ts';
import { type Chart, type FileTree, loadChart } from '../../src/install/chart/chart.ts';
import { renderChart } from '../../src/install/chart/render.ts';
import { type ManifestObject, parseObjects } from '../../src/install/manifest/object.ts';
import { loadComponentChart } from '../../src/install/operator/component-chart.ts';
import { COMPONENTS } from '../../src/install/operator/components.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { isObject } from '../../src/model/value.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { createPlain, type Plain } from '../../src/yaml/plain.ts';
import { findManifests } from '../install/go-oracle.ts';
import { STILL, treeOf } from '../install/tree.ts';
import { differences } from './leaves.ts';

const manifests = findManifests();
const ours = treeOf(resolve(import.meta.dirname, '../../templates'));
/** Every so many lines are compared, or all of them where HEDDLE_SETTINGS is `all`. */
const STEP = process.env['HEDDLE_SETTINGS'] === 'all' ? 1 : 8;
const linesOf = (file: string): readonly string[] =>
  readFileSync(resolve(import.meta.dirname, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .filter((_, index) => index % STEP === 0);

/** What differs between the commit of this module and what else is known of the release. */
const isOfItsCommit = (path: string): boolean =>
  // Recorded manifests leave the number of Go's threads to its runtime, and know two more statuses.
  /^ClusterRole istiod-clusterrole\S* \.rules\[\d+\]\.resources\[[01]\]$/.test(path);

/** The same objects without an environment variable that recorded manifests do not have. */
const withoutThreads = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    return value.filter((each) => !(isObject(each) && each['name'] === 'GOMAXPROCS')).map(withoutThreads);
  }
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutThreads(each)]))
    : value;
};

const comparable = (objects: readonly ManifestObject[]): readonly ManifestObject[] =>
  objects.map((object) => ({ ...object, value: withoutThreads(object.value) as ManifestObject['value'] }));

interface Rendered {
  readonly objects: readonly ManifestObject[];
  readonly isRefused: boolean;
}

const compare = (words: string, theirs: Rendered, mine: Rendered): readonly string[] => {
  if (theirs.isRefused !== mine.isRefused) return [`${words}: refused by ${mine.isRefused ? 'ours' : "Istio's"} alone`];
  if (theirs.isRefused) return [];
  const found = differences(comparable(theirs.objects), comparable(mine.objects), isOfItsCommit);
  return found.map((each) => `${words}: ${each}`);
};

describe.skipIf('absent' in manifests)("Istio's charts and ours", () => {
  const root = 'path' in manifests ? manifests.path : '';

  it('render the same installations', async () => {
    const descriptors = {
      structs: await loadGoStructs(),
      mesh: await loadMeshProto(),
      values: await loadValuesProto(),
    };
    const render = (tree: FileTree, settings: readonly string[]): Rendered => {
      const inputs = readInputs([], ['hub=example.org', 'tag=1', ...settings]);
      const { components, problems } = generate(tree, inputs, descriptors, STILL, { force: false, components: [] });
      return { objects: components.flatMap(({ objects }) => objects), isRefused: hasErrors(problems) };
    };
    const official = treeOf(root);
    const found = linesOf('installations.txt').flatMap((line) =>
      compare(line, render(official, line.split(' ')), render(ours, line.split(' '))),
    );
    expect(found.slice(0, 40)).toEqual([]);
  }, 600_000);

  it('render the same charts', () => {
    const charts = new Map<string, readonly (Chart | undefined)[]>();
    const chartsOf = (name: string): readonly (Chart | undefined)[] => {
      const component = COMPONENTS.find(({ ownChart }) => ownChart === name);
      if (component === undefined) throw new Error(`no chart ${name}`);
      const path = component.isList ? name : component.chart;
      const own = { ...component, chart: name };
      return [loadChart(treeOf(`${root}/charts/${path}`), '').chart, loadComponentChart(ours, own).chart];
    };
    const render = (chart: Chart | undefined, user: Plain): Rendered => {
      if (chart === undefined) throw new Error('a chart cannot be loaded');
      const { outputs, problems } = renderChart(chart, user, { name: 'rel', namespace: 'ns' }, STILL);
      const texts = [...outputs].filter(([name]) => !name.endsWith('NOTES.txt'));
      return { objects: texts.flatMap((each) => parseObjects(...each).objects), isRefused: hasErrors(problems) };
    };
    const found = linesOf('settings.txt').flatMap((line) => {
      const [name = '', ...rest] = line.split(' ');
      const given = loadYaml({ name: line, text: rest.join(' ') }).documents[0]?.value;
      const user: Plain = Object.assign(createPlain(), isObject(given) ? given : {});
      // The default images are of other places.
      const images = { hub: 'example.org', tag: '1' };
      if (name === 'ztunnel') Object.assign(user, images, given);
      if (name === 'istiod' || name === 'cni') {
        const { global } = user;
        Object.assign(user, { global: { ...images, ...(isObject(global) ? global : {}) } });
      }
      const pair = charts.get(name) ?? chartsOf(name);
      charts.set(name, pair);
      return compare(line, render(pair[0], user), render(pair[1], user));
    });
    expect(found.slice(0, 40)).toEqual([]);
  }, 600_000);
});

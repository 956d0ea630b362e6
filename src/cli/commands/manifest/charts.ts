import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { ownChartTree } from '../../../install/operator/component-chart.ts';
import { COMPONENTS } from '../../../install/operator/components.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { readTree } from '../../install/tree.ts';
import { printDocument } from '../../output.ts';

const NAMES = [...new Set(COMPONENTS.map(({ ownChart }) => ownChart))];

const write = async (path: string, text: string): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    throw new Fault(`cannot write ${path}`, {
      kind: 'cannot-create',
      code: 'CANNOT_WRITE',
      hint: 'name a directory that can be written to',
      cause,
    });
  }
};

export const manifestCharts = defineCommand({
  summary: "Writes heddle's Helm charts into a directory, each complete in itself.",
  examples: [['heddle manifest charts charts', `${NAMES.join(', ')} into ./charts`]],
  arguments: [{ name: 'DIR', summary: 'where to write; made where it is missing', required: true }],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 73: 'one of the charts is there already, or cannot be written' },
  notes: [
    'What follows is, for example: helm install istio-base charts/base -n istio-system --create-namespace, then helm install istiod charts/istiod -n istio-system.',
    'Nothing is written over: where a chart is in the directory already, none is written.',
    "Values, profiles and objects are those of Istio's charts of the same names.",
  ],
  seeAlso: ['heddle manifest generate'],
  run: async (context, [given = '']) => {
    const directory = resolve(context.io.cwd, given);
    const taken = NAMES.map((name) => join(directory, name)).find((path) => existsSync(path));
    if (taken !== undefined) {
      throw new Fault(`${taken} exists already`, {
        kind: 'cannot-create',
        code: 'FILE_EXISTS',
        hint: 'name another directory, or move it away',
      });
    }
    const tree = await readTree(undefined, context.io);
    for (const name of NAMES) {
      for (const [path, text] of ownChartTree(tree, name)) await write(join(directory, name, path), text);
    }
    const charts = NAMES.map((name) => ({ name, path: join(given, name) }));
    await printDocument(context, { kind: 'ChartList', charts }, () => charts.map(({ path }) => `${path}\n`).join(''));
    return EXIT.ok;
  },
});

import { Fault } from '../../../base/fault.ts';
import { hasErrors } from '../../../base/problem.ts';
import { readSources } from '../../../input/read.ts';
import { diffManifests, type ObjectChange } from '../../../install/manifest/diff.ts';
import { type ManifestObject, parseObjects } from '../../../install/manifest/object.ts';
import { type Context, defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { changeLines } from '../../install/change-lines.ts';
import { type Paint, printDocument } from '../../output.ts';
import { printProblems } from '../../report/problems.ts';

const readObjects = async (path: string, context: Context): Promise<readonly ManifestObject[]> => {
  const sources = await readSources([path], { stdin: context.io.stdin, cwd: context.io.cwd });
  const parsed = sources.map(({ name, text }) => parseObjects(name, text));
  const problems = parsed.flatMap((each) => each.problems);
  printProblems(problems, sources, context.err);
  if (hasErrors(problems)) {
    const hint = 'compare what heddle manifest generate prints, or other files of Kubernetes objects';
    throw new Fault(`${path} is no manifest`, { kind: 'input', code: 'BAD_MANIFEST', hint });
  }
  return parsed.flatMap(({ objects }) => objects);
};

const MARKS = { added: '+', removed: '-', changed: '~' } as const;

const objectLines = ({ object, change, fields }: ObjectChange, paint: Paint): string => {
  const color = { added: paint.green, removed: paint.red, changed: paint.yellow }[change];
  return [color(`${MARKS[change]} ${object}`), ...fields.map((field) => changeLines(field, paint))].join('\n');
};

const summaryOf = (items: readonly ObjectChange[]) => {
  const count = (change: ObjectChange['change']): number => items.filter((item) => item.change === change).length;
  return { added: count('added'), removed: count('removed'), changed: count('changed') };
};

const report = (items: readonly ObjectChange[], paint: Paint): string => {
  if (items.length === 0) return 'the manifests hold the same objects\n';
  const { added, removed, changed } = summaryOf(items);
  const lines = items.map((item) => `${objectLines(item, paint)}\n`).join('');
  return `${lines}${added} added, ${removed} removed, ${changed} changed\n`;
};

export const manifestDiff = defineCommand({
  summary: 'Compares two manifests object by object and field by field, whatever their order.',
  examples: [
    ['heddle manifest diff old.yaml new.yaml', 'what an upgrade changes'],
    ['heddle manifest generate -f op.yaml | heddle manifest diff old.yaml -', 'a file and standard input'],
    ['heddle manifest diff old/ new/ -o json', 'directories of objects, for a script'],
  ],
  arguments: [
    { name: 'OLD', summary: 'a file, directory or pattern of Kubernetes objects', required: true },
    { name: 'NEW', summary: 'the same, or - for standard input', required: true },
  ],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 65: 'a text cannot be read', 81: 'the manifests differ' },
  seeAlso: ['heddle manifest generate'],
  run: async (context, args) => {
    const [before = '', after = ''] = args;
    const items = diffManifests(await readObjects(before, context), await readObjects(after, context));
    const document = { kind: 'ManifestDiff', summary: summaryOf(items), items };
    await printDocument(context, document, () => report(items, context.out.paint));
    return items.length === 0 ? EXIT.ok : EXIT.drift;
  },
});

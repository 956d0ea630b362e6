import { shorten } from '../../base/shorten.ts';
import type { FieldDifference, ObjectDifference, PartDifference } from '../../envoy/config-difference.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import type { Paint } from '../output.ts';
import { proxyWords } from './trouble.ts';

/** Fields of one object, and objects of one part; of more only the number is told. */
const MOST = 20;

const atMost = (lines: readonly string[], what: string): readonly string[] =>
  lines.length <= MOST
    ? lines
    : [...lines.slice(0, MOST), `    ... and ${lines.length - MOST} more ${what}: -o json has all`];

const valueText = (value: unknown): string =>
  value === undefined ? '(none)' : escapeControls(shorten(JSON.stringify(value)));

const fieldLine = ({ path, wanted, found }: FieldDifference): string =>
  `      ${escapeControls(path)}: istiod ${valueText(wanted)}, proxy ${valueText(found)}`;

const reasonLines = (reason: string): readonly string[] => (reason === '' ? [] : [`      ${proxyWords(reason)}`]);

const objectText = ({ name, change, fields, reason }: ObjectDifference, { red, yellow, cyan }: Paint): string => {
  const shown = escapeControls(name);
  const head = {
    differs: `  ${yellow('~')} ${shown}`,
    missing: `  ${red('-')} ${shown}: istiod wants it, the proxy has it not`,
    extra: `  ${cyan('+')} ${shown}: the proxy has it, istiod wants it not`,
  }[change];
  return [head, ...reasonLines(reason), ...atMost(fields.map(fieldLine), 'fields')].join('\n');
};

/** One part as a line that says whether it matches, as istioctl's, and the objects that do not. */
export const partText = ({ part, objects }: PartDifference, note: string, paint: Paint): string => {
  const matches = objects.length === 0;
  const head = `${part} ${matches ? 'Match' : paint.red("Don't Match")}${note}`;
  return [
    head,
    ...atMost(
      objects.map((object) => objectText(object, paint)),
      'objects',
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
};

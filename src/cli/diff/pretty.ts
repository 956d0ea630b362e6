import { escapeControls } from '../../telemetry/access-log.ts';
import type { Change } from '../../traffic/difference/difference.ts';
import type { Paint } from '../output.ts';
import { type DifferenceDocument, entryText, othersOf, requestText, resultText, totalText } from './text.ts';

const MARKS = { breaking: '-', changed: '~', additive: '+' } as const;

const changeLines = (change: Change, paint: Paint): readonly string[] => {
  const { impact, reasons, requests, before, after, source } = change;
  const color = { breaking: paint.red, changed: paint.yellow, additive: paint.green }[impact];
  const [first] = requests;
  if (first === undefined) return [];
  const place = source === undefined ? '' : `  ${paint.dim(source)}`;
  return [
    `${color(`${MARKS[impact]} ${requestText(first)}`)}  ${entryText(first)}${place}`,
    `    ${resultText(before)}`,
    `  → ${resultText(after)}`,
    `    ${impact === 'breaking' ? `${paint.bold(paint.red('BREAKING'))} ` : ''}${reasons.join('; ')}`,
    ...othersOf(change).map((other) => paint.dim(`    also ${other}`)),
    '',
  ];
};

/** The changes for people, the gravest first. */
export const pretty = (document: DifferenceDocument, paint: Paint): string => {
  const lines = [...document.changes.flatMap((change) => changeLines(change, paint)), `= ${totalText(document)}`];
  // Names and values come from files and are shown, not obeyed; colours are put on before.
  return `${lines.map((line) => line.split('\u001b').map(escapeControls).join('\u001b')).join('\n')}\n`;
};

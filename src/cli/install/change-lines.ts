import type { FieldChange } from '../../install/manifest/diff.ts';
import type { Paint } from '../output.ts';

const LONGEST = 100;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
};

/** A field that differs: its path, and below it what it was and what it is; long values are cut. */
export const changeLines = ({ path, before, after }: FieldChange, { red, green }: Paint): string =>
  [
    `  ${path}`,
    ...(before === undefined ? [] : [red(`    - ${shown(before)}`)]),
    ...(after === undefined ? [] : [green(`    + ${shown(after)}`)]),
  ].join('\n');

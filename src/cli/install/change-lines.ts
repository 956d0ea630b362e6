import type { FieldChange } from '../../install/manifest/diff.ts';
import { unifiedDiff } from '../analysis/fix-diff.ts';
import type { Paint } from '../output.ts';

const LONGEST = 100;

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text);

/** The lines that differ between two texts of several, such as files in a ConfigMap. */
const textLines = (before: string, after: string, { red, green }: Paint): readonly string[] =>
  // The first two lines name the texts.
  unifiedDiff('', before, after)
    .slice(2)
    .flatMap((line) => {
      const [mark, words] = [line.charAt(0), cut(line.slice(1))];
      if (mark === '-') return [red(`    - ${words}`)];
      return mark === '+' ? [green(`    + ${words}`)] : [];
    });

/** A field that differs: its path, and below it what it was and what it is; long values are cut. */
export const changeLines = ({ path, before, after }: FieldChange, paint: Paint): string => {
  const isText = typeof before === 'string' && typeof after === 'string' && /\n./.test(before) && /\n./.test(after);
  const values = isText
    ? textLines(before, after, paint)
    : [
        ...(before === undefined ? [] : [paint.red(`    - ${cut(JSON.stringify(before))}`)]),
        ...(after === undefined ? [] : [paint.green(`    + ${cut(JSON.stringify(after))}`)]),
      ];
  return [`  ${path}`, ...values].join('\n');
};

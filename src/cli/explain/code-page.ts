import { type Code, MESSAGES } from '../../analysis/messages.ts';
import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { pageOf } from '../analysis/pages.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { documentationUrl, levelName } from '../report/analysis/report.ts';

const CODES = Object.entries(MESSAGES);

/** Finds a code by itself or by its name, in any case. */
const findCode = (word: string): Code => {
  const wanted = word.toLowerCase();
  const found = CODES.find(([code, { name }]) => code.toLowerCase() === wanted || name.toLowerCase() === wanted);
  if (found !== undefined) return found[0] as Code;
  const near = suggest(
    word,
    CODES.flatMap(([code, { name }]) => [code, name]),
  );
  throw new Fault(`there is no code "${word}"`, {
    kind: 'usage',
    code: 'UNKNOWN_CODE',
    hint: near === undefined ? 'heddle analyze --list shows all codes' : `did you mean ${near}?`,
  });
};

/** Headings in bold; what stands between fences keeps its colours to itself. */
const styled = (page: string, { out }: Context): string =>
  page
    .split(/^(```.*?^```)$/ms)
    .map((part) =>
      part.startsWith('```')
        ? part.replace(/#.*\b(?:error|warning|info): .*$/gm, (comment) => out.paint.yellow(comment))
        : part.replace(/^#+ .*$/gm, (heading) => out.paint.bold(heading)),
    )
    .join('');

/** Shows what is known of one code. */
export const explainCode = async (context: Context, word: string): Promise<number> => {
  const code = findCode(word);
  const { level, name, text } = MESSAGES[code];
  const url = documentationUrl(code);
  const page = pageOf(code);
  const document = {
    kind: 'CodePage',
    code,
    level: levelName(level),
    name,
    message: text,
    ...(url !== undefined && { documentationUrl: url }),
    ...(page !== undefined && { page }),
  };
  const { bold } = context.out.paint;
  const body = page === undefined ? 'No check of this version finds it in files.\n' : styled(page, context);
  const more = url === undefined ? '' : `\nIstio about it: ${url}\n`;
  await printDocument(context, document, () => `${bold(code)} ${levelName(level)} ${name}\n${text}\n\n${body}${more}`);
  return EXIT.ok;
};

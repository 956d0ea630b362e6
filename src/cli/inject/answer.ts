import { resolve } from 'node:path';
import { writeWhole } from '../analysis/files.ts';
import type { Context } from '../command.ts';

/** Texts of several files as one stream of documents; a single one stays as it is. */
export const joinTexts = (texts: readonly string[]): string => {
  const [first = '', ...rest] = texts.filter((text) => text !== '');
  return rest.reduce((all, text) => {
    const separator = /^---/.test(text) ? '' : '---\n';
    return `${all}${all.endsWith('\n') ? '' : '\n'}${separator}${text}`;
  }, first);
};

/** Writes manifests to the file that the command line names, else to standard output. */
export const writeAnswer = async (context: Context, text: string): Promise<void> => {
  const file = context.outputs.at(-1)?.file;
  if (file === undefined) context.out.write(text);
  else await writeWhole(resolve(context.io.cwd, file), text);
};

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package.ts';

/** The page that shows a code in one of its cases, as Markdown; undefined where no check finds the code. */
export const pageOf = (code: string): string | undefined => {
  const root = join(packageRoot(), 'src', 'analysis');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
  for (const file of files.sort()) {
    const page = readFileSync(join(root, file), 'utf8');
    if (new RegExp(`#.*\\b(?:error|warning|info): ${code}\\b`).test(page)) return page;
  }
  return undefined;
};

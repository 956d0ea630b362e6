import type { Check } from '../../analysis/check.ts';
import { Fault } from '../../base/fault.ts';
import type { Context } from '../command.ts';
import { printDocument } from '../output.ts';

const TEXTUAL = new Set(['pretty', 'concise', 'log', 'json', 'yaml']);

/** Shows every check with its codes: a table, or a document of kind AnalyzerList. */
export const listChecks = async (context: Context, checks: readonly Check[]): Promise<void> => {
  const format = context.outputs.at(-1)?.format ?? 'pretty';
  if (!TEXTUAL.has(format) || context.outputs.some(({ file }) => file !== undefined))
    throw new Fault(`--list can be printed as a table, json or yaml, not as ${format}`, {
      kind: 'usage',
      code: 'BAD_FLAG_VALUE',
    });
  const items = checks.map(({ name, summary, emits }) => ({ name, codes: emits, summary }));
  const { renderTable } = await import('../table.ts');
  await printDocument({ ...context, format }, { kind: 'AnalyzerList', items }, () =>
    renderTable(
      ['NAME', 'CODES', 'SUMMARY'],
      items.map(({ name, codes, summary }) => [name, codes.join(','), summary]),
    ),
  );
};

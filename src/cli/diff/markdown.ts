import { literal } from '../report/analysis/markdown.ts';
import { type DifferenceDocument, entryText, othersOf, requestText, resultText, totalText } from './text.ts';

const LABELS = { breaking: '**breaking**', changed: 'changed', additive: 'additive' } as const;

/** A table for a comment on a change. */
export const markdown = (document: DifferenceDocument): string => {
  const rows = document.changes.flatMap((change) => {
    const [first] = change.requests;
    if (first === undefined) return [];
    const others = othersOf(change).map((other) => `<br>also ${literal(other)}`);
    const cells = [
      LABELS[change.impact],
      `${literal(`${requestText(first)} ${entryText(first)}`)}${others.join('')}`,
      literal(resultText(change.before)),
      literal(resultText(change.after)),
      literal(change.reasons.join('; ')),
      literal(change.source ?? ''),
    ];
    return [`| ${cells.join(' | ')} |\n`];
  });
  const table =
    rows.length === 0
      ? ''
      : `\n| Impact | Request | Before | After | Because | Place |\n|---|---|---|---|---|---|\n${rows.join('')}`;
  return `## Behaviour of the mesh\n\n${literal(totalText(document))}\n${table}`;
};

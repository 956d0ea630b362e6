import type { Edit, Fix } from './finding.ts';

/**
 * A fix for a finding's place, title imperative; nothing where one of its edits cannot be made. `safe` where it changes
 * nothing that a cluster does, `unsafe` where it does what was most likely meant.
 */
export const offerFix = (
  title: string,
  safety: 'safe' | 'unsafe',
  edits: readonly (Edit | undefined)[],
): { readonly fix?: Fix } => {
  const made = edits.flatMap((edit) => edit ?? []);
  return made.length === 0 || made.length < edits.length
    ? {}
    : { fix: { title, isSafe: safety === 'safe', edits: made } };
};

import type { StringMatch } from '../../model/schema/generated/types-istio.ts';
import { compileRegex } from '../regex.ts';
import type { StringMatcher } from '../tables.ts';

/** Compiles Istio's StringMatch; an empty one asks for presence only. */
export const compileStringMatch = (match: StringMatch | null): StringMatcher | { readonly refused: string } => {
  if (match?.exact !== undefined) return { kind: 'exact', value: match.exact };
  if (match?.prefix !== undefined) return { kind: 'prefix', value: match.prefix };
  if (match?.regex === undefined) return { kind: 'present' };
  const regex = compileRegex(match.regex);
  return 'refused' in regex ? regex : { kind: 'regex', source: regex.source, test: regex.test };
};

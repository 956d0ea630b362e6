import { editDistance } from '../../base/distance.ts';

const SHORTEST = 3;

const digitsOf = (word: string): string => word.replace(/\D+/g, ' ');

/**
 * Whether a word is another with one typing error, so that writing the other is a correction and not a guess: a name may
 * resemble one that is there (`v2` and `v1`, `ingress` and `egress`) and mean one that is not.
 */
export const isMistyped = (written: string, meant: string): boolean =>
  written.length >= SHORTEST &&
  written !== meant &&
  digitsOf(written) === digitsOf(meant) &&
  editDistance(written.toLowerCase(), meant.toLowerCase(), 1) <= 1;

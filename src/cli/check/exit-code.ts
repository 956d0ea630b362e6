import type { CheckResult } from '../../cluster/check/check.ts';
import { EXIT, exitCodeOf } from '../exit.ts';

/** How bad what was found must be for a command to fail. */
export type Threshold = 'error' | 'warning';

/** 79 for findings at or above the threshold; else, where something could not be seen, the code of why; else 0. */
export const checkExit = (results: readonly CheckResult[], threshold: Threshold): number => {
  const failing = threshold === 'warning' ? ['error', 'warning'] : ['error'];
  if (results.some(({ status }) => failing.includes(status))) return EXIT.findings;
  const [why] = results.flatMap(({ unseen }) => unseen);
  return why === undefined ? EXIT.ok : exitCodeOf(why.kind);
};

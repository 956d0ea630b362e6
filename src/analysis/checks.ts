import type { Check } from './check.ts';

/** Every check, sorted by name: what `analyze` runs and `analyze --list` shows. One more check is one more line. */
export const CHECKS: readonly Check[] = [];

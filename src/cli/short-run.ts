import { setFlagsFromString } from 'node:v8';

/** The first Node.js whose V8 has a cheap optimizing compiler between the interpreter and TurboFan, and other flags. */
const FIRST_WITH_MAGLEV = 22;

/**
 * Tells V8 that the process will live for about a second: a function is optimized when it has run fifteen times as long as
 * usual. What the costly compiler does with less of a reason took a quarter of an analysis' CPU time, and as much of an
 * injection's.
 */
export const expectShortRun = (): void => {
  if (Number.parseInt(process.versions.node, 10) < FIRST_WITH_MAGLEV) setFlagsFromString('--interrupt-budget=1000000');
};

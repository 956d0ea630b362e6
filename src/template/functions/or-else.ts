import { FunctionError } from '../functions.ts';

/** What a function answers, or a fallback where it fails with an error of Go's. */
export const orElse = <T>(work: () => T, fallback: (message: string) => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof FunctionError) return fallback(error.message);
    throw error;
  }
};

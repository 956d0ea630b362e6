import { Fault } from '../../base/fault.ts';
import type { Printer } from '../output.ts';

/** A failure as one object of machine output: always the only document on standard output. */
interface FaultDocument {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The causes of an error, nearest first. */
const causesOf = (error: unknown): readonly string[] => {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  // A chain that bites its own tail must not hang the report.
  while (cause !== undefined && causes.length < 10) {
    causes.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
};

/** What `-o json` prints of a failure: `{error: {code, message, hint}}`; a bug has the code INTERNAL. */
export const faultDocument = (error: unknown): FaultDocument =>
  error instanceof Fault
    ? { error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } }
    : { error: { code: 'INTERNAL', message: messageOf(error), hint: BUG_HINT } };

const BUG_HINT = 'this is a bug of heddle: run again with --debug and report what it prints';

/**
 * Tells a person what failed and what to do. Causes come with `detail`; the stack only for what is not a Fault, and
 * only with `detail`.
 */
export const printFault = (error: unknown, err: Printer, detail: boolean): void => {
  const { red, bold } = err.paint;
  const isBug = !(error instanceof Fault);
  err.line(`${bold(red('Error:'))} ${isBug ? 'internal error: ' : ''}${messageOf(error)}`);
  if (isBug && detail && error instanceof Error) err.line(error.stack);
  if (!isBug && detail) for (const cause of causesOf(error)) err.line(`Cause: ${cause}`);
  const hint = isBug ? BUG_HINT : error.hint;
  if (hint !== undefined) err.line(`${bold('Try:')} ${hint}`);
};

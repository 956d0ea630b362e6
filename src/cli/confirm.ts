import { createInterface } from 'node:readline/promises';
import { Fault } from '../base/fault.ts';
import type { Context } from './command.ts';

/** How a question is asked, and how a script answers it beforehand. */
export interface Question {
  /** One sentence with its mark. */
  readonly text: string;
  /** The flag that stands for yes: `--yes`. */
  readonly flag: string;
  /** What must be typed instead of yes where much is at stake. */
  readonly typed?: string;
}

/** Asks a person, until there is an answer; throws a usage Fault where nobody can be asked. */
export const confirm = async (context: Context, { text, flag, typed }: Question): Promise<boolean> => {
  const { io, err, signal } = context;
  if (!io.stdinIsTty)
    throw new Fault(`nobody can be asked without a terminal: ${text}`, {
      kind: 'usage',
      code: 'NEEDS_CONFIRMATION',
      hint: `answer beforehand with ${flag}, or look first with --dry-run`,
    });
  const lines = createInterface({ input: io.stdin });
  const iterator = lines[Symbol.asyncIterator]();
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Fault('interrupted', { kind: 'interrupted', code: 'INTERRUPTED' }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      err.write(typed === undefined ? `${text} (y/N) ` : `${text} Type ${typed} to go on: `);
      const { done, value } = await Promise.race([iterator.next(), interrupted]);
      const answer = done === true ? '' : value.trim();
      if (done === true) err.line();
      if (typed !== undefined) return answer === typed;
      if (/^(n|no)?$/i.test(answer)) return false;
      if (/^(y|yes)$/i.test(answer)) return true;
    }
  } finally {
    lines.close();
  }
};

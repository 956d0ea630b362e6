/** Why the world refused: decides the exit code (see cli/exit.ts) whatever the message says. */
export type FaultKind =
  | 'failure'
  | 'usage'
  | 'input'
  | 'unreachable'
  | 'cannot-create'
  | 'io'
  | 'timeout'
  | 'denied'
  | 'config'
  | 'interrupted';

export interface FaultDetails {
  readonly kind: FaultKind;
  /** Stable, upper snake case: `PORT_IN_USE`. Scripts match on this, never on the message. */
  readonly code: string;
  /** Imperative: what to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A failure of the world (file, port, process, network) that the user can act on.
 * The message is lower case without final period. Anything thrown that is not a Fault is a bug of heddle.
 */
export class Fault extends Error {
  readonly kind: FaultKind;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, details: FaultDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Fault';
    this.kind = details.kind;
    this.code = details.code;
    this.hint = details.hint;
  }
}

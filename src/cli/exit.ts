import type { FaultKind } from '../base/fault.ts';

/** Every code a command of heddle can exit with; the same whatever `-o` says. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 64,
  input: 65,
  unreachable: 69,
  bug: 70,
  cannotCreate: 73,
  io: 74,
  timeout: 75,
  denied: 77,
  config: 78,
  findings: 79,
  tests: 80,
  drift: 81,
  interrupted: 130,
} as const;

const byKind: Readonly<Record<FaultKind, number>> = {
  failure: EXIT.failure,
  usage: EXIT.usage,
  input: EXIT.input,
  unreachable: EXIT.unreachable,
  'cannot-create': EXIT.cannotCreate,
  io: EXIT.io,
  timeout: EXIT.timeout,
  denied: EXIT.denied,
  config: EXIT.config,
  interrupted: EXIT.interrupted,
};

/** The code of a refusal of the world. */
export const exitCodeOf = (kind: FaultKind): number => byKind[kind];

/** What the EXIT CODES section of a help page says of a code, unless the command says it better. */
export const EXIT_MEANING: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'the operation failed',
  64: 'unknown command or flag, or a wrong value',
  65: 'the input cannot be parsed or is not valid',
  69: 'what the command talks to cannot be reached',
  70: 'a bug of heddle',
  73: 'a file or listener cannot be created',
  74: 'reading or writing failed',
  75: 'timed out',
  77: 'permission denied',
  78: 'a configuration file of heddle is wrong',
  79: 'findings at or above the threshold',
  80: 'a test failed',
  81: 'something would change',
  130: 'interrupted (Ctrl-C)',
};

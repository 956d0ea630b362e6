import { escapeControls } from '../../telemetry/access-log.ts';
import type { AskedRequest, Result, Step } from '../../traffic/explain/explanation.ts';
import type { Flip } from '../../traffic/explain/flips.ts';
import type { Paint } from '../output.ts';

/** All that `-o json` prints, for the other formats. */
export interface ExplanationDocument {
  readonly request: AskedRequest;
  readonly result: Result;
  readonly steps: readonly Step[];
  readonly flips: readonly Flip[];
  readonly notes: readonly { readonly severity: string; readonly message: string; readonly source?: string }[];
}

const MAX_TRIED = 10;

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** `200  reviews-v2 (v2)  100 %`, or how it fails. */
export const headline = ({ status, flags, workloads, redirect, error }: Result): string => {
  const answer = status === null ? (error ?? 'no answer') : String(status);
  const flagged = flags === '-' ? '' : ` ${flags}`;
  const to = workloads
    .map(({ name, version, share }) => `${name}${version === '' ? '' : ` (${version})`} ${percent(share)}`)
    .join(', ');
  return [`${answer}${flagged}`, ...(to === '' ? [] : [to]), ...(redirect === null ? [] : [redirect])].join('  ');
};

const withSource = (text: string, source: string | undefined, { dim }: Paint): string =>
  source === undefined ? text : `${text}  ${dim(source)}`;

const stepLines = (step: Step, number: number, paint: Paint): readonly string[] => {
  const tried = step.tried ?? [];
  const shown = tried.slice(0, MAX_TRIED);
  return [
    withSource(`${String(number).padStart(2)} ${step.stage.padEnd(13)} ${step.decision}`, step.source, paint),
    ...shown.map(({ rule, failed, source }) =>
      withSource(`     ${paint.dim('tried')}       ${rule}: ${paint.red('no')}, ${failed}`, source, paint),
    ),
    ...(tried.length > MAX_TRIED ? [`     ${paint.dim(`and ${tried.length - MAX_TRIED} more`)}`] : []),
  ];
};

/** The trace for people. */
export const pretty = ({ result, steps, flips, notes, request }: ExplanationDocument, paint: Paint): string => {
  const lines = [
    `${paint.bold(`${request.method} ${request.authority}${request.path}`)}`,
    `→ ${paint.bold(headline(result))}`,
    ...(result.policy === null ? [] : [`  denied by ${result.policy}`]),
    ...(result.assumed ?? []).map((fact) => `  as long as ${fact}`),
    ...(result.outcomes ?? []).map(
      ({ probability, status, flags, because }) =>
        `  ${percent(probability)}: ${status ?? 'no answer'}${flags === '-' ? '' : ` ${flags}`}, ${because}`,
    ),
    '',
    ...steps.flatMap((step, at) => stepLines(step, at + 1, paint)),
    ...(flips.length === 0 ? [] : ['', 'flip it']),
    ...flips.map(({ change, result: other }) => `  ${change} → ${headline(other)}`),
    ...(notes.length === 0 ? [] : ['', 'not as written']),
    ...notes.map(({ severity, message, source }) => withSource(`  ${severity}: ${message}`, source, paint)),
  ];
  // Names and values come from files and are shown, not obeyed; colours are put on before.
  return `${lines.map((line) => line.split('\u001b').map(escapeControls).join('\u001b')).join('\n')}\n`;
};

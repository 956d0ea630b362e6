import type { Problem } from '../../base/problem.ts';
import { spanOfPath } from '../../yaml/span-of-path.ts';
import type { Step } from '../values/path.ts';
import type { Inputs } from './inputs.ts';

/** Keys and indexes from the root of an IstioOperator. */
export type OperatorPath = readonly (string | number)[];

const stepFits = (step: Step | undefined, part: string | number | undefined): boolean =>
  step?.kind === 'key' ? step.key === part : typeof part === 'number';

/** Whether the one is the other, or leads to it. */
const isAlong = (steps: readonly Step[], path: OperatorPath): boolean =>
  Array.from({ length: Math.min(steps.length, path.length) }, (_, at) => stepFits(steps[at], path[at])).every(Boolean);

/**
 * Where the user wrote what stands at a path: the place in a file, or the `--set`. What is set last counts. Nothing for what
 * a profile says.
 */
export const originOf = ({ documents, settings }: Inputs, path: OperatorPath): Pick<Problem, 'span' | 'resource'> => {
  const given = settings.findLast((setting) => setting.path.length <= path.length && isAlong(setting.path, path));
  if (given !== undefined) return { resource: `--set ${given.text}` };
  for (const document of documents.toReversed()) {
    const span = spanOfPath(document, path);
    if (span !== undefined) return { span };
  }
  const deeper = settings.findLast((setting) => isAlong(setting.path, path));
  return deeper === undefined ? {} : { resource: `--set ${deeper.text}` };
};

import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { spanOf } from '../../yaml/located.ts';
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
    const span = spanIn(document, path);
    if (span !== undefined) return { span };
  }
  const deeper = settings.findLast((setting) => isAlong(setting.path, path));
  return deeper === undefined ? {} : { resource: `--set ${deeper.text}` };
};

const spanIn = (document: unknown, path: OperatorPath): Problem['span'] => {
  let place = document;
  for (const part of path.slice(0, -1)) {
    if (Array.isArray(place)) place = place[Number(part)];
    else place = isObject(place) ? place[part] : undefined;
  }
  const last = path.at(-1);
  if (typeof place !== 'object' || place === null || last === undefined || !Object.hasOwn(place, last))
    return undefined;
  return spanOf(place, last, 'key') ?? spanOf(place, last);
};

import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { FileTree } from '../chart/chart.ts';
import { nested, overlay } from '../values/overlay.ts';
import { parsePath, read, readMap, writePath } from '../values/path.ts';
import { parseSetting } from '../values/set-flag.ts';
import type { Inputs } from './inputs.ts';
import { originOf } from './origin.ts';
import { loadProfile } from './profile.ts';

/** The IstioOperator an installation is made from: its profile, what the user says, and what follows from that for charts. */
export interface Effective {
  readonly operator: Plain;
  readonly problems: readonly Problem[];
}

/** Settings of `spec` that are values of charts, too, and their place among those. */
const TRANSLATED = [
  ['hub', 'global.hub'],
  ['tag', 'global.tag'],
  ['revision', 'revision'],
  ['compatibilityVersion', 'compatibilityVersion'],
] as const;

/** Puts the inputs over their profile and translates settings into values; values that the user gave win over both. */
export const effectiveOperator = (tree: FileTree, inputs: Inputs): Effective => {
  const name = read(inputs.operator, 'spec.profile');
  const profile = loadProfile(tree, typeof name === 'string' ? name : '');
  const problems = profile.problems.map((problem) =>
    problem.code === 'UNKNOWN_PROFILE' ? { ...problem, ...originOf(inputs, ['spec', 'profile']) } : problem,
  );
  const translated = translate(overlay(overlay(profile.operator, inputs.detected), inputs.operator), problems);
  const values = readMap(inputs.operator, 'spec.values');
  return {
    operator: values === undefined ? translated : overlay(translated, nested(['spec', 'values'], values)),
    problems,
  };
};

/** Values that the user gave without having them checked, over the checked ones. */
export const withUnvalidated = (operator: Plain): Plain => {
  const unvalidated = readMap(operator, 'spec.unvalidatedValues');
  return unvalidated === undefined ? operator : overlay(operator, nested(['spec', 'values'], unvalidated));
};

const translate = (given: Plain, problems: Problem[]): Plain => {
  let operator = given;
  const put = (path: string, value: unknown): void => {
    const wrong = writePath(operator, parsePath(path), value);
    if (wrong !== undefined) problems.push({ severity: 'error', code: 'BAD_OPERATOR', message: wrong });
  };
  for (const [from, to] of TRANSLATED) {
    const value = read(operator, `spec.${from}`);
    if (value === undefined || isObject(value)) continue;
    // Text is read as it would be behind --set, so that a revision of digits is a number to charts.
    put(`spec.values.${to}`, parseSetting(`values.${to}=${String(value)}`)?.value);
  }
  const mesh = readMap(operator, 'spec.meshConfig');
  if (mesh !== undefined) operator = overlay(operator, nested(['spec', 'values', 'meshConfig'], mesh));
  put('spec.values.pilot.enabled', read(operator, 'spec.components.pilot.enabled') === true);
  put('spec.values.pilot.cni.enabled', read(operator, 'spec.components.cni.enabled') === true);
  const namespace = read(operator, 'spec.values.global.istioNamespace');
  if (typeof namespace === 'string' && namespace !== '') put('metadata.namespace', namespace);
  return operator;
};

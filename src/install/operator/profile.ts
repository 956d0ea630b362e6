import { suggest } from '../../base/distance.ts';
import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import type { FileTree } from '../chart/chart.ts';
import { overlay } from '../values/overlay.ts';

const PROFILE = /^profiles\/([^/]+)\.yaml$/;
/** What every other profile is put on top of. */
const BASE = 'default';

export interface LoadedProfile {
  readonly operator: Plain;
  readonly problems: readonly Problem[];
}

/** The profiles of a tree by name. */
export const profileNames = (tree: FileTree): readonly string[] =>
  [...tree.keys()].flatMap((path) => PROFILE.exec(path)?.[1] ?? []).toSorted();

/** The IstioOperator of a profile: the default one, and this over it. */
export const loadProfile = (tree: FileTree, name: string): LoadedProfile => {
  const base = readProfile(tree, BASE);
  if (name === BASE || name === '' || base.problems.length > 0) return base;
  const top = readProfile(tree, name);
  return { operator: overlay(base.operator, top.operator), problems: top.problems };
};

const readProfile = (tree: FileTree, name: string): LoadedProfile => {
  const path = `profiles/${name}.yaml`;
  const text = tree.get(path);
  if (text === undefined) return { operator: createPlain(), problems: [unknownProfile(tree, name)] };
  const { documents, problems } = loadYaml({ name: path, text });
  const value = documents[0]?.value ?? null;
  return {
    operator: isObject(value) ? value : createPlain(),
    problems: problems.filter(({ severity, code }) => severity === 'error' && code !== 'YAML_DUPLICATE_KEY'),
  };
};

const unknownProfile = (tree: FileTree, name: string): Problem => {
  const names = profileNames(tree);
  const near = suggest(name, names);
  const all = names.length === 0 ? 'there are no profiles here' : `the profiles are ${names.join(', ')}`;
  return {
    severity: 'error',
    code: 'UNKNOWN_PROFILE',
    message: `there is no profile "${name}"`,
    hint: near === undefined ? all : `did you mean "${near}"? ${all}`,
  };
};

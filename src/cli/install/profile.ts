import { Fault } from '../../base/fault.ts';
import { loadProfile } from '../../install/operator/profile.ts';
import { parsePath, readPath } from '../../install/values/path.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { Context } from '../command.ts';
import { refuse } from './render.ts';
import { readTree } from './tree.ts';

/** The whole IstioOperator of a profile, the default one below it; throws a Fault for a name there is not. */
export const readProfile = async (name: string, manifests: string | undefined, context: Context): Promise<Plain> => {
  const { operator, problems } = loadProfile(await readTree(manifests, context.io), name);
  refuse(problems, [], context);
  return operator;
};

/** The part of an operator below a path of its `spec`; throws a usage Fault where there is none. */
export const partOf = (operator: Plain, path: string): unknown => {
  const part = readPath(operator, parsePath(`spec.${path}`));
  if (part !== undefined) return part;
  throw new Fault(`the profile has nothing at ${path}`, {
    kind: 'usage',
    code: 'NO_SUCH_PATH',
    hint: 'a path such as values.global or components.pilot, below spec',
  });
};

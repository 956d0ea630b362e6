import { Fault } from '../../base/fault.ts';
import type { Span } from '../../base/span.ts';
import { readSources } from '../../input/read.ts';
import { effectiveOperator } from '../../install/operator/effective.ts';
import { installPackagePath, readInputs } from '../../install/operator/inputs.ts';
import { originOf } from '../../install/operator/origin.ts';
import { readMap } from '../../install/values/path.ts';
import type { Plain } from '../../yaml/plain.ts';
import { readTree } from '../install/tree.ts';
import type { Io } from '../io.ts';

/** What an IstioOperator says of injection. */
export interface OperatorSettings {
  readonly file: string;
  readonly values: Plain | undefined;
  readonly meshConfig: Plain | undefined;
  /** Where a part of the mesh configuration was written; undefined for what the profile says. */
  readonly locate: (path: readonly (string | number)[]) => Span | undefined;
}

/** Reads an IstioOperator over its profile, without the defaults of charts, as istioctl does; throws a Fault with the place. */
export const readOperatorSettings = async (path: string, io: Io): Promise<OperatorSettings> => {
  const inputs = readInputs(await readSources([path], io), []);
  const tree = await readTree(installPackagePath(inputs), io);
  const { operator, problems } = effectiveOperator(tree, inputs);
  const wrong = [...inputs.problems, ...problems].find(({ severity }) => severity === 'error');
  if (wrong !== undefined) {
    const { file = path, line, column } = wrong.span ?? {};
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    throw new Fault(`${place}: ${wrong.message}`, {
      kind: 'input',
      code: wrong.code,
      hint: wrong.hint ?? 'correct the IstioOperator',
    });
  }
  return {
    file: path,
    values: readMap(operator, 'spec.values'),
    meshConfig: readMap(operator, 'spec.meshConfig'),
    locate: (path) => originOf(inputs, ['spec', 'meshConfig', ...path]).span,
  };
};

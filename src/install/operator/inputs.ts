import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { overlay } from '../values/overlay.ts';
import { read, writePath } from '../values/path.ts';
import { parseSetting, type Setting } from '../values/set-flag.ts';

/** What a user asks an installation to be: an IstioOperator of all files and settings, and where its parts came from. */
export interface Inputs {
  readonly operator: Plain;
  /** What the cluster needs, over its profile and below what the user says: an IstioOperator, too. */
  readonly detected: Plain;
  /** The documents in the order given; later ones win. */
  readonly documents: readonly Plain[];
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

/**
 * Joins IstioOperator files, later over earlier, and puts `--set` arguments over them; `detected` are such arguments that
 * follow from the cluster.
 */
export const readInputs = (
  sources: readonly SourceText[],
  sets: readonly string[],
  detected: readonly string[] = [],
): Inputs => {
  const problems: Problem[] = [];
  const documents = sources.flatMap((source): readonly Plain[] => {
    const document = readOperator(source, problems);
    return document === undefined ? [] : [document];
  });
  let operator: Plain = overlay(createPlain(), {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: createPlain(),
    spec: createPlain(),
  });
  for (const document of documents) {
    const { spec, ...rest } = document;
    operator = overlay(operator, spec === null || spec === undefined ? rest : document);
  }
  const settings = sets.flatMap((text) => {
    const setting = parseSetting(text);
    const wrong = setting === undefined ? 'it must be PATH=VALUE' : writePath(operator, setting.path, setting.value);
    if (wrong !== undefined) problems.push(badSetting(text, wrong));
    return setting === undefined || wrong !== undefined ? [] : [setting];
  });
  return { operator, detected: detectedOperator(detected), documents, settings, problems };
};

const detectedOperator = (sets: readonly string[]): Plain => {
  const operator = createPlain();
  for (const text of sets) {
    const setting = parseSetting(text);
    if (setting !== undefined) writePath(operator, setting.path, setting.value);
  }
  return operator;
};

const badSetting = (text: string, why: string): Problem => ({
  severity: 'error',
  code: 'BAD_SETTING',
  message: `--set ${text} cannot be applied: ${why}`,
});

const readOperator = (source: SourceText, problems: Problem[]): Plain | undefined => {
  const { documents, problems: found } = loadYaml(source);
  problems.push(...found.filter(({ severity, code }) => severity === 'error' && code !== 'YAML_DUPLICATE_KEY'));
  const [first, second] = documents.filter(({ value }) => value !== null);
  if (second !== undefined) {
    problems.push({
      severity: 'error',
      code: 'SEVERAL_OPERATORS',
      message: 'only one IstioOperator per file is supported',
      span: second.span,
      hint: 'put each into a file of its own, and give -f once for each',
    });
  }
  if (first === undefined || isObject(first.value)) return isObject(first?.value) ? first.value : undefined;
  problems.push({
    severity: 'error',
    code: 'NOT_AN_OPERATOR',
    message: 'an IstioOperator must be a mapping',
    span: first.span,
  });
  return undefined;
};

/** The directory of charts and profiles that the operator asks for; undefined for those that come with heddle. */
export const installPackagePath = ({ operator }: Inputs): string | undefined => {
  const path = read(operator, 'spec.installPackagePath');
  return typeof path === 'string' && path !== '' ? path : undefined;
};

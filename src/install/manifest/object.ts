import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import type { Plain } from '../../yaml/plain.ts';
import { read } from '../values/path.ts';

/** A Kubernetes object as a chart made it. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty where the object names none. */
  readonly namespace: string;
  readonly name: string;
  readonly value: Plain;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An object with its identity; `value` has a kind. */
export const manifestObject = (value: Plain): ManifestObject => ({
  apiVersion: text(value['apiVersion']),
  kind: text(value['kind']),
  namespace: text(read(value, 'metadata.namespace')),
  name: text(read(value, 'metadata.name')),
  value,
});

/** API group of an object; the empty text for Kubernetes' own. */
export const groupOf = ({ apiVersion }: ManifestObject): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** `Kind group/version namespace/name`: what makes two objects the same one. */
export const identityOf = ({ apiVersion, kind, namespace, name }: ManifestObject): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name} (${apiVersion})`;

/** The parts of a text between lines that begin with `---`, blanks around them aside. */
const partsOf = (output: string): readonly string[] =>
  output
    .split(/^---.*$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '');

export interface ParsedObjects {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly Problem[];
}

/** The objects in what a template printed; documents without content are left out. `name` is the template's, for messages. */
export const parseObjects = (name: string, output: string): ParsedObjects => {
  const problems: Problem[] = [];
  const objects = partsOf(output).flatMap((part) => {
    const loaded = loadYaml({ name, text: part });
    const broken = loaded.problems.filter(
      ({ code, severity }) => severity === 'error' && code !== 'YAML_DUPLICATE_KEY',
    );
    problems.push(...broken);
    const value = loaded.documents[0]?.value;
    if (broken.length > 0 || value === undefined || value === null) return [];
    if (isObject(value) && text(value['kind']) !== '') return [manifestObject(value)];
    const span = loaded.documents[0]?.span;
    problems.push({
      severity: 'error',
      code: 'NOT_AN_OBJECT',
      message: `${name} gives what is no Kubernetes object: it has no kind`,
      ...(span !== undefined && { span }),
    });
    return [];
  });
  return { objects, problems };
};

import { printGoYaml, printGoYaml3 } from '../../yaml/emit/go-yaml.ts';
import { toText } from '../bytes.ts';
import { FunctionError } from '../functions.ts';
import type { GoValue } from '../value.ts';
import { toJsonValue } from './sprig/json-value.ts';

/** What YAML does not take as it is; JSON, from which sigs.k8s.io/yaml makes YAML, escapes only those below a space. */
const REFUSED = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/;
const LINE_BREAKS = / *((?:\x85 *)+)/g;

/** A text of JSON as YAML reads it: U+0085 breaks lines, and lines are folded. */
const asYamlReads = (raw: string): string => {
  const text = toText(raw);
  if (REFUSED.test(text)) throw new FunctionError('yaml: control characters are not allowed');
  if (!text.includes('\x85')) return text;
  return text.replace(LINE_BREAKS, (_match, breaks: string) => '\n'.repeat(breaks.split('\x85').length - 2) || ' ');
};

/** A value as sigs.k8s.io/yaml marshals it, with the line feed at the end. Throws a FunctionError for what has no YAML. */
export const writeYaml = (value: GoValue): string => printGoYaml(toJsonValue(value, asYamlReads));

/** A value as go-yaml 3 encodes it with an indentation of 2. Throws a FunctionError for what has no JSON. */
export const writePrettyYaml = (value: GoValue): string => printGoYaml3(toJsonValue(value));

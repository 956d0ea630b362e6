import { loadYaml } from '../../yaml/load.ts';
import { FunctionError } from '../functions.ts';
import { fromPlain, type GoValue } from '../value.ts';

/**
 * The first document of a text as sigs.k8s.io/yaml reads it into JSON, nil for an empty text; later documents are not
 * looked at, and a key that stands twice is no error. A text that does not load throws a FunctionError that names the line
 * as Go does and the reason in our own words.
 */
export const readYaml = (text: string): GoValue => {
  const { documents, problems } = loadYaml({ name: 'text', text });
  const [first] = documents;
  const concerned = first === undefined || first.index > 0 ? problems : first.problems;
  const broken = concerned.find(({ severity, code }) => severity === 'error' && code !== 'YAML_DUPLICATE_KEY');
  if (broken !== undefined) {
    const place = broken.span === undefined ? '' : `line ${broken.span.line}: `;
    throw new FunctionError(`error converting YAML to JSON: yaml: ${place}${broken.message}`);
  }
  return first === undefined ? null : fromPlain(first.value);
};

import type { Schema } from '../../model/schema/schema.ts';
import { FORMATS } from '../report/analysis/formats.ts';

/** A schema with a sentence for editors at each of its parts; the decoder looks at the structure only. */
export interface Definition extends Omit<Schema, 'properties' | 'items' | 'values'> {
  /** Absent where a text and a list of texts are both allowed (`oneOrMany`), which their reader tells apart. */
  readonly type?: 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number';
  readonly oneOrMany?: true;
  readonly description: string;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly items?: Definition;
  readonly values?: Definition;
}

export const text = (description: string): Definition => ({ type: 'string', minLength: 1, description });
const toggle = (description: string): Definition => ({ type: 'boolean', description });
export const oneOf = (values: readonly string[], description: string): Definition => ({
  type: 'string',
  enum: values,
  description,
});
export const listOf = (items: Definition, description: string): Definition => ({ type: 'array', items, description });
export const mapping = (
  description: string,
  properties: Readonly<Record<string, Definition>>,
  required: readonly string[] = [],
): Definition => ({ type: 'object', description, properties, ...(required.length > 0 && { required }) });

const LEVELS = ['Error', 'Warning', 'Info'];
const thresholds = {
  failureThreshold: oneOf(LEVELS, 'Findings of this level and worse fail the run (--failure-threshold).'),
  outputThreshold: oneOf(LEVELS, 'Findings of this level and worse are reported (--output-threshold).'),
};
const pattern = text(
  'A path relative to this file; * and ? stay within a name, ** crosses directories; a directory means all below it.',
);

const suppression = mapping(
  'Silences findings. One that silences nothing is reported (HED0001).',
  {
    code: text('The code of the findings, such as IST0101, or * for all.'),
    resource: text('The objects they are about: "Kind namespace/name" or "Kind name.namespace", * for anything.'),
    path: pattern,
    reason: text('Why this is right; goes into the reports.'),
  },
  ['code', 'reason'],
);

const override = mapping(
  'Other thresholds for some of the files; the last that matches a file wins.',
  { paths: { ...listOf(pattern, 'The files.'), minItems: 1 }, ...thresholds },
  ['paths'],
);

const output = mapping(
  'One report.',
  {
    format: oneOf([...FORMATS.keys()], 'The format (-o).'),
    file: text('Where it goes, relative to this file; standard output without it.'),
  },
  ['format'],
);

/** The whole of `.heddle.yaml`: read by the decoder, and published as a JSON Schema for editors. */
export const DEFINITION: Definition = mapping('Configuration of heddle for one repository. Flags win over it.', {
  analyze: mapping('What heddle analyze does.', {
    paths: {
      ...listOf(
        text('A file, directory or pattern, relative to this file.'),
        'What to analyze where the command line names nothing.',
      ),
      minItems: 1,
    },
    exclude: listOf(pattern, 'Files to leave out of directories and patterns; a file that is named itself is read.'),
    namespace: text('Only findings about this namespace (--namespace).'),
    ...thresholds,
    overrides: listOf(override, 'Thresholds by path.'),
    disabledChecks: listOf(text('A name of heddle analyze --list.'), 'Checks that are not run.'),
    suppress: listOf(suppression, 'Findings that are not reported.'),
    suppressionReasons: oneOf(
      ['optional', 'required'],
      'Whether a comment "# heddle-ignore CODE -- reason" needs its reason to count.',
    ),
    output: listOf(output, 'Reports to write (-o).'),
    githubAnnotations: toggle('Whether annotations are written in GitHub Actions (--github-annotations).'),
    meshConfig: text('Mesh configuration to assume, relative to this file (--mesh-config).'),
    meshNetworks: text('Networks of a multi-network mesh, relative to this file (--mesh-networks).'),
    baseline: text('Known findings, relative to this file (--baseline).'),
    ignoreUnknown: toggle('Whether documents that cannot be parsed are forgiven (--ignore-unknown).'),
  }),
});

/** Something found while building values; offsets count from the start of the text that was parsed. */
export interface Finding {
  readonly code:
    | 'YAML_SYNTAX'
    | 'YAML_DUPLICATE_KEY'
    | 'YAML_LIMIT'
    | 'YAML_ALIAS'
    | 'YAML_VALUE'
    | 'YAML_KEY'
    | 'YAML_MERGE';
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

/** Ends the construction of a document that cannot be given a value. */
export class Refusal extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

/** What to say of a text that is nested deeper than allowed. */
export const describeDepth = (limit: number): { readonly message: string; readonly hint: string } => ({
  message: `values are nested more than ${limit} deep`,
  hint: 'flatten the document',
});

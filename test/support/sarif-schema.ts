import type { JsonSchema } from './json-schema.ts';

// The part of the SARIF 2.1.0 schema (OASIS, Schemata/sarif-schema-2.1.0.json of oasis-tcs/sarif-spec) that heddle's
// reports are made of, by hand: names, types, enums, bounds and required properties are those of the schema. Every object
// is closed, so that a property it lacks here has to be looked up there first.

const ref = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });
const string: JsonSchema = { type: 'string' };
const natural: JsonSchema = { type: 'integer', minimum: 1 };
const index: JsonSchema = { type: 'integer', minimum: -1 };
const level: JsonSchema = { type: 'string', enum: ['none', 'note', 'warning', 'error'] };
const listOf = (items: JsonSchema, bounds: JsonSchema = {}): JsonSchema => ({ type: 'array', items, ...bounds });
const unique: JsonSchema = { uniqueItems: true };
const closed = (properties: JsonSchema, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** What a SARIF log of heddle must be; see json-schema.ts. */
export const SARIF_SCHEMA: JsonSchema = {
  ...closed({ $schema: string, version: { enum: ['2.1.0'] }, runs: listOf(ref('run')) }, ['version', 'runs']),
  definitions: {
    run: closed(
      {
        tool: closed({ driver: ref('toolComponent') }, ['driver']),
        columnKind: { type: 'string', enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
        invocations: listOf(ref('invocation')),
        results: listOf(ref('result')),
      },
      ['tool'],
    ),
    toolComponent: closed(
      {
        name: string,
        semanticVersion: string,
        informationUri: string,
        rules: listOf(ref('reportingDescriptor'), unique),
      },
      ['name'],
    ),
    reportingDescriptor: closed(
      {
        id: string,
        name: string,
        shortDescription: ref('multiformatMessageString'),
        help: ref('multiformatMessageString'),
        helpUri: { type: 'string', pattern: '^https?://' },
        defaultConfiguration: closed({ level }),
      },
      ['id'],
    ),
    multiformatMessageString: closed({ text: string, markdown: string }, ['text']),
    invocation: closed(
      { executionSuccessful: { type: 'boolean' }, toolExecutionNotifications: listOf(ref('notification')) },
      ['executionSuccessful'],
    ),
    notification: closed(
      {
        descriptor: closed({ id: string, index }),
        level,
        message: ref('message'),
        locations: listOf(ref('location'), unique),
      },
      ['message'],
    ),
    message: closed({ text: string, markdown: string }, ['text']),
    result: closed(
      {
        ruleId: string,
        ruleIndex: index,
        level,
        message: ref('message'),
        locations: listOf(ref('location')),
        relatedLocations: listOf(ref('location'), unique),
        partialFingerprints: { type: 'object', additionalProperties: string },
        suppressions: listOf(ref('suppression'), unique),
        fixes: listOf(ref('fix'), unique),
      },
      ['message'],
    ),
    location: closed({
      id: index,
      physicalLocation: closed({ artifactLocation: ref('artifactLocation'), region: ref('region') }, [
        'artifactLocation',
      ]),
      logicalLocations: listOf(closed({ fullyQualifiedName: string, kind: string }), unique),
      message: ref('message'),
    }),
    // A URI reference: what stands for itself, and what is escaped.
    artifactLocation: closed({
      uri: { type: 'string', pattern: "^(?:[\\w.~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+$" },
      uriBaseId: string,
    }),
    region: closed({ startLine: natural, startColumn: natural, endLine: natural, endColumn: natural }),
    suppression: closed({ kind: { type: 'string', enum: ['inSource', 'external'] }, justification: string }, ['kind']),
    fix: closed(
      { description: ref('message'), artifactChanges: listOf(ref('artifactChange'), { minItems: 1, ...unique }) },
      ['artifactChanges'],
    ),
    artifactChange: closed(
      { artifactLocation: ref('artifactLocation'), replacements: listOf(ref('replacement'), { minItems: 1 }) },
      ['artifactLocation', 'replacements'],
    ),
    replacement: closed({ deletedRegion: ref('region'), insertedContent: closed({ text: string }) }, ['deletedRegion']),
  },
};

/**
 * The structural part of an OpenAPI v3 schema as the API server uses it, without prose.
 * `ref` names a definition of the same set; a schema with `ref` has no other key than, possibly, `default` and `nullable`.
 */
export interface Schema {
  readonly ref?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Schema of every value of a map (`additionalProperties`). */
  readonly values?: Schema;
  readonly items?: Schema;
  /** Fields beyond `properties` are kept as they are (`x-kubernetes-preserve-unknown-fields`). */
  readonly open?: true;
  readonly nullable?: true;
  readonly intOrString?: true;
  readonly enum?: readonly (string | number | boolean)[];
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  /** `map` with `mapKeys`, or `set`: no two items may be the same. */
  readonly listType?: 'map' | 'set' | 'atomic';
  readonly mapKeys?: readonly string[];
  /** CEL expressions of `x-kubernetes-validations`; `self` is the value. */
  readonly rules?: readonly string[];
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
}

/** One generated file: where it came from, the shared definitions, and the roots. */
export interface SchemaSet {
  readonly provenance: { readonly module: string; readonly version: string; readonly paths: readonly string[] };
  readonly definitions: Readonly<Record<string, Schema>>;
  /** `GROUP/VERSION/Kind` (core: `/v1/Pod`); in the mesh set the name of a message. */
  readonly roots: Readonly<Record<string, Schema>>;
}

export type SchemaSetName = 'istio' | 'gateway-api' | 'kubernetes' | 'mesh';

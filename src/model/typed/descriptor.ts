/** One field of a Go struct as its tags describe it. */
export interface GoField {
  /** The Go name, which templates use. */
  readonly go: string;
  /** The JSON name; empty for a struct whose fields stand in the place of this one. */
  readonly json: string;
  /** `string`, `int32`, `*bool`, `[]core/v1.Container`, `map[string]string`: packages by their last two parts. */
  readonly type: string;
  readonly inline?: true;
  /** Go reaches the fields of this struct through the outer one. */
  readonly embedded?: true;
  /** Absent from JSON when false, 0, "", a nil pointer or an empty list or map; structs are never empty. */
  readonly omitempty?: true;
  /** Absent from JSON when it is the zero value of its type. */
  readonly omitzero?: true;
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
}

/** Go structs by package and name; one without fields has a JSON form of its own (quantities, times). */
export type GoStructs = Readonly<Record<string, readonly GoField[]>>;

/** One field of a protobuf message, in the order of the message's declaration. */
export interface ProtoField {
  readonly name: string;
  readonly json: string;
  /** Of a map: the kind of its values. */
  readonly kind: 'bool' | 'int32' | 'int64' | 'uint32' | 'double' | 'string' | 'enum' | 'message';
  /** Full name of the enum or message; `google.protobuf.` types included. */
  readonly type?: string;
  readonly repeated?: true;
  readonly map?: true;
  /** Kind of the keys of a map. */
  readonly key?: string;
  readonly oneof?: string;
}

/** Protobuf messages and enums by full name. */
export interface ProtoSet {
  readonly messages: Readonly<Record<string, readonly ProtoField[]>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Istio's mesh messages, and what Istio assumes without configuration in protobuf's JSON form. */
export interface MeshProto extends ProtoSet {
  readonly defaultMeshConfig: Readonly<Record<string, unknown>>;
}

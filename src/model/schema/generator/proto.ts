import type { Schema } from '../schema.ts';

const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bytes: { type: 'string' },
  bool: { type: 'boolean' },
  double: { type: 'number' },
  float: { type: 'number' },
  int32: { type: 'integer' },
  uint32: { type: 'integer', minimum: 0 },
  // The proto3 JSON mapping writes 64-bit integers as strings and reads both.
  int64: { intOrString: true },
  uint64: { intOrString: true },
  'google.protobuf.Duration': { type: 'string', format: 'duration' },
  'google.protobuf.BoolValue': { type: 'boolean' },
  'google.protobuf.StringValue': { type: 'string' },
  'google.protobuf.DoubleValue': { type: 'number' },
  'google.protobuf.FloatValue': { type: 'number' },
  'google.protobuf.Int32Value': { type: 'integer' },
  'google.protobuf.UInt32Value': { type: 'integer', minimum: 0 },
  'google.protobuf.Int64Value': { intOrString: true },
  'google.protobuf.UInt64Value': { intOrString: true },
  'google.protobuf.Struct': { type: 'object', open: true },
  'google.protobuf.Value': {},
};

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
}

interface Declarations {
  readonly messages: Map<string, readonly Field[]>;
  readonly enums: Map<string, readonly string[]>;
}

/** Definitions of the messages reachable from `roots`, in their proto3 JSON form, named without the package. */
export const readProtos = (texts: readonly string[], roots: readonly string[]): Record<string, Schema> => {
  const declared: Declarations = { messages: new Map(), enums: new Map() };
  for (const text of texts) parseFile(text, declared);
  const definitions: Record<string, Schema> = {};
  const visit = (message: string): Schema => {
    const name = shortName(message);
    if (definitions[name] === undefined) {
      const properties: Record<string, Schema> = {};
      definitions[name] = { type: 'object', properties };
      for (const field of declared.messages.get(message) ?? []) {
        const one = schemaOf(field.type, message);
        properties[jsonName(field.name)] = field.map
          ? { type: 'object', values: one }
          : field.repeated
            ? { type: 'array', items: one }
            : one;
      }
    }
    return { ref: name };
  };
  const schemaOf = (type: string, scope: string): Schema => {
    const scalar = SCALARS[type];
    if (scalar !== undefined) return scalar;
    const full = resolve(type, scope, declared);
    const values = declared.enums.get(full);
    // The JSON mapping takes an enum's number too, but writes and recommends names.
    return values === undefined ? visit(full) : { enum: values };
  };
  for (const root of roots) visit(root);
  return definitions;
};

/** `ExtensionProviderSDSProvider` of `istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.SDSProvider`. */
const shortName = (message: string): string =>
  message
    .replace(/^istio\.\w+\.v\w+\./, '')
    .replace(/^MeshConfig\./, '')
    .replaceAll('.', '');

const jsonName = (name: string): string => name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());

/** Name lookup of protobuf: innermost scope first. */
const resolve = (type: string, scope: string, declared: Declarations): string => {
  const parts = scope.split('.');
  for (let depth = parts.length; depth >= 0; depth--) {
    const candidate = [...parts.slice(0, depth), type].join('.');
    if (declared.messages.has(candidate) || declared.enums.has(candidate)) return candidate;
  }
  throw new Error(`unresolved proto type ${type} in ${scope}`);
};

const TOKEN = /"(?:[^"\\]|\\.)*"|[\w.]+|[{}[\]<>;=,()-]/g;

const parseFile = (text: string, declared: Declarations): void => {
  const tokens = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ').match(TOKEN) ?? [];
  let at = 0;
  let scope = '';
  const skipStatement = (): void => {
    let depth = 0;
    for (; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === '{' || token === '[') depth++;
      if (token === '}' || token === ']') depth--;
      if (depth === 0 && (token === ';' || token === '}')) break;
    }
    at++;
  };
  const field = (fields: Field[]): void => {
    const repeated = tokens[at] === 'repeated';
    if (repeated || tokens[at] === 'optional') at++;
    const map = tokens[at] === 'map';
    const type = (map ? tokens[at + 4] : tokens[at]) ?? '';
    const name = (map ? tokens[at + 6] : tokens[at + 1]) ?? '';
    fields.push({ name, type, repeated, map });
    skipStatement();
  };
  const block = (fields: Field[]): void => {
    while (at < tokens.length && tokens[at] !== '}') {
      const word = tokens[at];
      if (word === 'message') message();
      else if (word === 'enum') enumeration();
      else if (word === 'oneof') {
        at += 3;
        block(fields);
      } else if (word === 'option' || word === 'reserved' || word === 'extensions' || word === ';') skipStatement();
      else field(fields);
    }
    at++;
  };
  const message = (): void => {
    const outer = scope;
    scope = `${scope}.${tokens[at + 1]}`;
    at += 3;
    const fields: Field[] = [];
    const name = scope;
    declared.messages.set(name, fields);
    block(fields);
    scope = outer;
  };
  const enumeration = (): void => {
    const name = `${scope}.${tokens[at + 1]}`;
    at += 3;
    const values: string[] = [];
    while (tokens[at] !== '}') {
      if (tokens[at] !== 'option' && tokens[at] !== 'reserved') values.push(tokens[at] ?? '');
      skipStatement();
    }
    at++;
    declared.enums.set(name, values);
  };
  while (at < tokens.length) {
    const word = tokens[at];
    if (word === 'package') {
      scope = tokens[at + 1] ?? '';
      skipStatement();
    } else if (word === 'message') message();
    else if (word === 'enum') enumeration();
    else skipStatement();
  }
};

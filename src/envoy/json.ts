/** A JSON object as Envoy prints it; nothing is promised of its fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The name protobuf's JSON gives a field of a `.proto` file: `virtual_hosts` is `virtualHosts`. */
export const jsonName = (field: string): string =>
  field.includes('_') ? field.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase()) : field;

/** A field by its name in the `.proto` file, also where the JSON has the other spelling; protobuf reads both. */
export const fieldOf = (value: unknown, field: string): unknown =>
  isObject(value) ? (value[field] ?? value[jsonName(field)]) : undefined;

/** What is at the end of a path of fields; undefined where there is nothing. */
export const at = (value: unknown, ...path: readonly string[]): unknown => path.reduce(fieldOf, value);

/** The text at the end of a path; empty, protobuf's default, where there is none. */
export const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
};

/** The number at the end of a path; 0 where there is none. Numbers may be texts, as 64 bit ones are. */
export const numberAt = (value: unknown, ...path: readonly string[]): number => {
  const found = at(value, ...path);
  return typeof found === 'number' || typeof found === 'string' ? Number(found) || 0 : 0;
};

/** The list at the end of a path; empty where there is none. */
export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** The texts among a list at the end of a path. */
export const textsAt = (value: unknown, ...path: readonly string[]): readonly string[] =>
  listAt(value, ...path).filter((item) => typeof item === 'string');

import type { ProtoField, ProtoSet } from './descriptor.ts';

/** A value in canonical form, or undefined for one that is not `wanted`. */
export interface Reading {
  readonly value: unknown;
  /** `a whole number of 32 bits`. */
  readonly wanted: string;
}

type ScalarField = Pick<ProtoField, 'kind' | 'type'>;

/** Reads a scalar as jsonpb does: numbers also from texts, enums by name or number. */
export const decodeProtoScalar = (set: ProtoSet, { kind, type = '' }: ScalarField, value: unknown): Reading => {
  switch (kind) {
    case 'bool':
      return { value: typeof value === 'boolean' ? value : undefined, wanted: 'true or false' };
    case 'string':
      return { value: typeof value === 'string' ? value : undefined, wanted: 'text' };
    case 'double':
      return { value: decodeDouble(value), wanted: 'a number' };
    case 'enum':
      return decodeEnum(set.enums[type] ?? {}, value);
    case 'int64':
      return { value: inRange(value, -(2n ** 63n), 2n ** 63n)?.toString(), wanted: 'a whole number of 64 bits' };
    case 'uint32':
      return { value: asNumber(inRange(value, 0n, 2n ** 32n)), wanted: 'a whole number of 32 bits, not negative' };
    default:
      return { value: asNumber(inRange(value, -(2n ** 31n), 2n ** 31n)), wanted: 'a whole number of 32 bits' };
  }
};

/** The value, in canonical form, that means a field is unset. */
export const zeroScalar = (set: ProtoSet, { kind, type = '' }: ScalarField): unknown => {
  switch (kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'int64':
      return '0';
    case 'enum':
      return nameOf(set.enums[type] ?? {}, 0);
    default:
      return 0;
  }
};

const WHOLE = /^\s*-?(?:0|[1-9]\d*)\s*$/;

/** jsonpb takes the quotes off a number before it reads it, and null leaves a field unset. */
const NULL = 'null';

const inRange = (value: unknown, low: bigint, high: bigint): bigint | undefined => {
  if (value === NULL) return 0n;
  const isWhole =
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isInteger(value)) ||
    (typeof value === 'string' && value.length < 64 && WHOLE.test(value));
  if (!isWhole) return undefined;
  const whole = BigInt(value);
  return whole >= low && whole < high ? whole : undefined;
};

const asNumber = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);

const decodeDouble = (value: unknown): number | string | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string') return undefined;
  if (NOT_FINITE.has(value)) return value;
  if (value === NULL) return 0;
  return /^\s*-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(value) ? Number(value) : undefined;
};

/** The first name declared for a number; the number itself when there is none. */
const nameOf = (names: Readonly<Record<string, number>>, number: number): string | number =>
  Object.keys(names).find((name) => names[name] === number) ?? number;

const decodeEnum = (names: Readonly<Record<string, number>>, value: unknown): Reading => {
  const wanted = `one of ${Object.keys(names).join(', ')}`;
  if (typeof value === 'string') return { value: Object.hasOwn(names, value) ? value : undefined, wanted };
  const number = asNumber(inRange(value, -(2n ** 31n), 2n ** 31n));
  return { value: number === undefined ? undefined : nameOf(names, number), wanted };
};

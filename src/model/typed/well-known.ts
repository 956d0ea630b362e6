import { parseDuration } from '../../base/duration.ts';
import { createPlain } from '../../yaml/plain.ts';
import { isObject } from '../value.ts';
import type { ProtoSet } from './descriptor.ts';
import { decodeProtoScalar, type Reading } from './proto-scalar.ts';

/** How a message with a JSON form of its own is read, undefined for an ordinary message; wrappers are what they wrap. */
export const wellKnownType = (set: ProtoSet, message: string): ((value: unknown) => Reading) | undefined => {
  const wrapped = /^google\.protobuf\.\w+Value$/.test(message) && message !== 'google.protobuf.ListValue';
  if (!wrapped) return WELL_KNOWN[message];
  const field = set.messages[message]?.find(({ name }) => name === 'value');
  return field === undefined ? undefined : (value) => decodeProtoScalar(set, field, value);
};

const WELL_KNOWN: Readonly<Record<string, (value: unknown) => Reading>> = {
  'google.protobuf.Duration': (value) => ({
    value: typeof value === 'string' ? canonicalDuration(value) : undefined,
    wanted: 'a duration such as "10s"',
  }),
  'google.protobuf.Struct': (value) => ({ value: isObject(value) ? sorted(value) : undefined, wanted: 'a mapping' }),
  'google.protobuf.ListValue': (value) => ({
    value: Array.isArray(value) ? sorted(value) : undefined,
    wanted: 'a list',
  }),
  'google.protobuf.Value': (value) => ({ value: sorted(value), wanted: 'any value' }),
  'istio.operator.v1alpha1.IntOrString': (value) => ({
    value: typeof value === 'string' || isInt32(value) ? value : undefined,
    wanted: 'a whole number or text',
  }),
};

/** Any JSON, mappings with sorted keys: protobuf keeps no order of theirs. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const result = createPlain();
  for (const key of Object.keys(value).sort()) result[key] = sorted(value[key]);
  return result;
};

const isInt32 = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;

/** Seconds with as many groups of three decimals as it takes: `7s`, `0.500s`. */
const canonicalDuration = (text: string): string | undefined => {
  const ms = text.length > 64 ? undefined : parseDuration(text);
  if (ms === undefined) return undefined;
  const nanos = BigInt(Math.round(Math.abs(ms) * 1e6));
  const fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
  const decimals = fraction.replace(/(?:000)+$/, '');
  return `${ms < 0 ? '-' : ''}${nanos / 1_000_000_000n}${decimals === '' ? '' : `.${decimals}`}s`;
};

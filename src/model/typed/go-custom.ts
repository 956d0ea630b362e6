import { canonicalQuantity } from './quantity.ts';

/** How a Go type with a JSON form of its own reads and writes it. */
interface CustomType {
  /** What Go writes after reading the value; undefined for what it refuses. Null never comes here. */
  readonly decode: (value: unknown) => unknown;
  /** What is accepted: `a quantity such as "100m"`. */
  readonly wanted: string;
  /** What Go writes for the zero value. */
  readonly zero: unknown;
}

/** The JSON form of a custom type by the name descriptors give it; throws for a name they do not hold. */
export const customOf = (name: string): CustomType => {
  const custom = CUSTOM[name];
  if (custom === undefined) throw new Error(`no JSON form for Go type ${name}`);
  return custom;
};

const decodeQuantity = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? canonicalQuantity(String(value).trim())
    : undefined;

const decodeIntOrString = (value: unknown): string | number | undefined => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isInteger(value) && Math.trunc(value) === (value | 0) ? value : undefined;
};

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** A time as Kubernetes keeps it: whole seconds of UTC. */
const decodeTime = (value: unknown): string | undefined => {
  const match = typeof value === 'string' ? RFC3339.exec(value) : null;
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  const isDay = time.getUTCMonth() === month - 1 && time.getUTCDate() === day;
  const [offsetHours, offsetMinutes] = [Number(match[8] ?? 0), Number(match[9] ?? 0)];
  if (!isDay || hour > 23 || minute > 59 || second > 59 || offsetHours > 24 || offsetMinutes > 59) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (match[7] === '-' ? -1 : 1);
  time.setUTCHours(hour, minute - offset, second);
  return `${time.toISOString().slice(0, -5)}Z`;
};

const VERBATIM: CustomType = { decode: (value) => value, wanted: 'any value', zero: null };
const CUSTOM: Readonly<Record<string, CustomType>> = {
  'api/resource.Quantity': { decode: decodeQuantity, wanted: 'a quantity such as "100m" or "64Mi"', zero: '0' },
  'meta/v1.Time': { decode: decodeTime, wanted: 'a time such as "2006-01-02T15:04:05Z"', zero: null },
  'meta/v1.FieldsV1': VERBATIM,
  'pkg/runtime.RawExtension': VERBATIM,
  'util/intstr.IntOrString': { decode: decodeIntOrString, wanted: 'a whole number or text', zero: 0 },
};

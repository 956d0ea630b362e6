import { printValue } from '../../fmt/printer.ts';
import { FunctionError, fixed, type Runtime, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY, FLOAT64, INT, STRING } from '../../type.ts';
import type { GoValue } from '../../value.ts';
import { parseInteger, toFloat64, toInt64 } from './cast.ts';
import { add, type Decimal, decimalOf, divide, floatOf, multiply, subtract } from './decimal.ts';
import { goInt, goInt64, goInts } from './make.ts';

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);

const divisor = (value: GoValue): bigint => {
  const number = toInt64(value);
  if (number === 0n) throw new FunctionError('runtime error: integer divide by zero');
  return number;
};

const integers: readonly TemplateFunction[] = [
  fixed('int', [ANY], (value) => goInt(toInt64(value))),
  fixed('int64', [ANY], (value) => goInt64(toInt64(value))),
  fixed('atoi', [STRING], (text) => goInt(/^[-+]?\d+$/.test(text) ? saturated(BigInt(text.replace('+', ''))) : 0n)),
  fixed('toDecimal', [ANY], (value) => goInt64(parseOctal(printValue(value)))),
  fixed('add1', [ANY], (value) => goInt64(toInt64(value) + 1n)),
  variadic('add', [], ANY, (values) => goInt64(values.reduce((sum, value) => wrap(sum + toInt64(value)), 0n))),
  fixed('sub', [ANY, ANY], (left, right) => goInt64(toInt64(left) - toInt64(right))),
  fixed('div', [ANY, ANY], (left, right) => goInt64(toInt64(left) / divisor(right))),
  fixed('mod', [ANY, ANY], (left, right) => goInt64(toInt64(left) % divisor(right))),
  variadic('mul', [ANY], ANY, (first, values) =>
    goInt64(values.reduce((product: bigint, value) => wrap(product * toInt64(value)), toInt64(first))),
  ),
  ...['max', 'biggest'].map((name) => extreme(name, (left, right) => left > right)),
  extreme('min', (left, right) => left < right),
];

/** strconv.Atoi stops at the largest and least int. */
function saturated(value: bigint): bigint {
  const limit = 2n ** 63n;
  return value >= limit ? limit - 1n : value < -limit ? -limit : value;
}

function parseOctal(text: string): bigint {
  const [, sign = '', digits] = /^([-+]?)([0-7]+)$/.exec(text) ?? [];
  return digits === undefined ? 0n : (parseInteger(`${sign}0o${digits}`) ?? 0n);
}

function extreme(name: string, beats: (left: bigint, right: bigint) => boolean): TemplateFunction {
  return variadic(name, [ANY], ANY, (first, values) =>
    goInt64([first, ...values].map(toInt64).reduce((best, number) => (beats(number, best) ? number : best))),
  );
}

const inDecimals =
  (operate: (left: Decimal, right: Decimal) => Decimal) =>
  (first: number, values: readonly GoValue[]): number =>
    floatOf(values.map((value) => decimalOf(toFloat64(value))).reduce(operate, decimalOf(first)));

const round = (value: number, places: number, roundOn: number): number => {
  const power = 10 ** places;
  const digit = power * value;
  return (digit - Math.trunc(digit) >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / power;
};

const decimals = ([name, operate]: readonly [string, (left: Decimal, right: Decimal) => Decimal]): TemplateFunction =>
  variadic(name, [ANY], ANY, (first, values) => inDecimals(operate)(toFloat64(first), values));

const floats: readonly TemplateFunction[] = [
  fixed('float64', [ANY], toFloat64),
  variadic('addf', [], ANY, (values) => inDecimals(add)(0, values)),
  fixed('add1f', [ANY], (value) => inDecimals(add)(toFloat64(value), [1])),
  ...(
    [
      ['subf', subtract],
      ['mulf', multiply],
      ['divf', divide],
    ] as const
  ).map(decimals),
  variadic('maxf', [ANY], ANY, (first, values) => Math.max(...[first, ...values].map(toFloat64))),
  variadic('minf', [ANY], ANY, (first, values) => Math.min(...[first, ...values].map(toFloat64))),
  fixed('floor', [ANY], (value) => Math.floor(toFloat64(value))),
  fixed('ceil', [ANY], (value) => Math.ceil(toFloat64(value))),
  variadic('round', [ANY, INT], FLOAT64, (value, places, [roundOn = 0.5]) =>
    round(toFloat64(value), Number(places.value), roundOn),
  ),
];

/** Numbers from `start` to before `stop`. A step that leads away from `stop` makes none. */
const count = (start: bigint, stop: bigint, step: bigint, runtime: Runtime): readonly bigint[] => {
  if (stop < start ? step >= 0n : step <= 0n) return [];
  const length = Number((stop - start + (step > 0n ? step - 1n : step + 1n)) / step);
  runtime.spend(length * 8);
  return Array.from({ length }, (_, index) => start + BigInt(index) * step);
};

const sequence = (params: readonly bigint[], runtime: Runtime): string => {
  if (params.length === 0 || params.length > 3) return '';
  const [start = 1n, end = 0n] = params.length === 1 ? [1n, params[0]] : [params[0], params.at(-1)];
  const direction = end < start ? -1n : 1n;
  const step = params.length === 3 ? (params[1] ?? 0n) : direction;
  if (params.length === 3 && end < start && step > 0n) return '';
  return count(start, end + direction, step, runtime).join(' ');
};

const sequences: readonly TemplateFunction[] = [
  fixed('until', [INT], ({ value }, runtime) => goInts(count(0n, value, value < 0n ? -1n : 1n, runtime).map(goInt))),
  fixed('untilStep', [INT, INT, INT], (start, stop, step, runtime) =>
    goInts(count(start.value, stop.value, step.value, runtime).map(goInt)),
  ),
  variadic('seq', [], INT, (params, runtime) =>
    sequence(
      params.map(({ value }) => value),
      runtime,
    ),
  ),
];

/** sprig's arithmetic: on integers as int64, on floats by way of decimals. */
export const numberFunctions: readonly TemplateFunction[] = [...integers, ...floats, ...sequences];

import { GoInt, GoScalar, type GoValue, typeOf } from '../value.ts';
import { type Flags, noFlags } from './flags.ts';
import { printValue, printVerb, type Spend } from './printer.ts';

/** Go refuses larger widths and precisions. */
const MAX_SIZE = 1_000_000;

/** Scanning a format: where it stands and which argument is next. */
interface Scan {
  readonly format: string;
  readonly args: readonly GoValue[];
  at: number;
  arg: number;
  /** An explicit index such as `%[3]d` occurred. */
  reordered: boolean;
  /** The last index was in range. */
  goodIndex: boolean;
  /** What stands before the next token is an index. */
  afterIndex: boolean;
}

/** Go's fmt.Sprintf: errors of the format stand in the text as Go writes them. */
export const sprintf = (format: string, args: readonly GoValue[], spend: Spend = () => undefined): string => {
  const scan: Scan = { format, args, at: 0, arg: 0, reordered: false, goodIndex: true, afterIndex: false };
  let text = '';
  while (scan.at < format.length) {
    const next = format.indexOf('%', scan.at);
    text += format.slice(scan.at, next < 0 ? undefined : next);
    if (next < 0) break;
    scan.at = next + 1;
    spend(8);
    text += directive(scan, spend);
  }
  return scan.reordered || scan.arg >= args.length ? text : text + extra(args.slice(scan.arg), spend);
};

/** Go's fmt.Sprint: a space between operands when neither is a string. */
export const sprint = (args: readonly GoValue[], spend: Spend = () => undefined): string => {
  let text = '';
  args.forEach((arg, index) => {
    if (index > 0 && !isString(arg) && !isString(args[index - 1] ?? null)) text += ' ';
    text += printValue(arg, spend);
  });
  return text;
};

/** Go's fmt.Sprintln: a space between all operands and a newline. */
export const sprintln = (args: readonly GoValue[], spend: Spend = () => undefined): string =>
  `${args.map((arg) => printValue(arg, spend)).join(' ')}\n`;

const isString = (value: GoValue): boolean =>
  typeof value === 'string' || (value instanceof GoScalar && value.type.kind === 'string');

const extra = (args: readonly GoValue[], spend: Spend): string => {
  const parts = args.map((arg) => (arg === null ? '<nil>' : `${typeOf(arg)?.name}=${printValue(arg, spend)}`));
  return `%!(EXTRA ${parts.join(', ')})`;
};

const directive = (scan: Scan, spend: Spend): string => {
  const { format, args } = scan;
  const flags = noFlags();
  scan.goodIndex = true;
  scan.afterIndex = false;
  while (setFlag(flags, format[scan.at])) scan.at++;
  index(scan);
  let text = width(scan, flags) + precision(scan, flags);
  if (!scan.afterIndex) index(scan);
  const verb = String.fromCodePoint(format.codePointAt(scan.at) ?? 0);
  if (scan.at >= format.length) return `${text}%!(NOVERB)`;
  scan.at += verb.length;
  if (verb === '%') return `${text}%`;
  const shown = isLoneSurrogate(verb) ? '\ufffd' : verb;
  if (!scan.goodIndex) return `${text}%!${shown}(BADINDEX)`;
  const arg = args[scan.arg];
  if (arg === undefined) return `${text}%!${shown}(MISSING)`;
  if (verb === 'v' || verb === 'w') {
    flags.sharpV = flags.sharp;
    flags.plusV = flags.plus;
    flags.sharp = false;
    flags.plus = false;
  }
  text += printVerb(arg, shown, flags, spend);
  scan.arg++;
  return text;
};

const isLoneSurrogate = (char: string): boolean => /^[\ud800-\udfff]$/.test(char);

const setFlag = (flags: Flags, char: string | undefined): boolean => {
  switch (char) {
    case '#':
      flags.sharp = true;
      return true;
    case '0':
      flags.zero = true;
      return true;
    case '+':
      flags.plus = true;
      return true;
    case '-':
      flags.minus = true;
      return true;
    case ' ':
      flags.space = true;
      return true;
    default:
      return false;
  }
};

const width = (scan: Scan, flags: Flags): string => {
  if (scan.format[scan.at] === '*') {
    scan.at++;
    const size = sizeFromArg(scan);
    scan.afterIndex = false;
    if (size === undefined) return '%!(BADWIDTH)';
    flags.width = Math.abs(size);
    if (size < 0) {
      flags.minus = true;
      flags.zero = false;
    }
    return '';
  }
  const size = number(scan);
  if (size !== undefined) {
    flags.width = size;
    if (scan.afterIndex) scan.goodIndex = false;
  }
  return '';
};

const precision = (scan: Scan, flags: Flags): string => {
  // A point at the very end is the verb.
  if (scan.format[scan.at] !== '.' || scan.at + 1 >= scan.format.length) return '';
  scan.at++;
  if (scan.afterIndex) scan.goodIndex = false;
  index(scan);
  if (scan.format[scan.at] !== '*') {
    flags.precision = number(scan) ?? 0;
    return '';
  }
  scan.at++;
  scan.afterIndex = false;
  const size = sizeFromArg(scan);
  if (size === undefined || size < 0) return '%!(BADPREC)';
  flags.precision = size;
  return '';
};

/** The value of the next argument as a width or precision; undefined where it is no integer of moderate size. */
const sizeFromArg = (scan: Scan): number | undefined => {
  if (scan.arg >= scan.args.length) return undefined;
  const arg = scan.args[scan.arg];
  scan.arg++;
  if (!(arg instanceof GoInt)) return undefined;
  const size = Number(arg.value);
  return Math.abs(size) > MAX_SIZE ? undefined : size;
};

/** Digits of the format; one too large swallows the rest of it. */
const number = (scan: Scan, end = scan.format.length): number | undefined => {
  let value: number | undefined;
  while (scan.at < end) {
    const digit = scan.format.charCodeAt(scan.at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    if (value !== undefined && value > MAX_SIZE) {
      scan.at = end;
      return undefined;
    }
    value = (value ?? 0) * 10 + digit;
    scan.at++;
  }
  return value;
};

/** An explicit argument index, `[3]`, where one stands. */
const index = (scan: Scan): void => {
  scan.afterIndex = scan.format[scan.at] === '[';
  if (!scan.afterIndex) return;
  scan.reordered = true;
  const start = scan.at;
  const close = scan.format.indexOf(']', start + 1);
  if (close < 0 || scan.format.length - start < 3) {
    scan.at = start + 1;
    scan.goodIndex = false;
    scan.afterIndex = false;
    return;
  }
  scan.at = start + 1;
  const value = number(scan, close);
  const isNumber = value !== undefined && scan.at === close;
  scan.at = close + 1;
  scan.afterIndex = isNumber;
  if (isNumber && value >= 1 && value <= scan.args.length) scan.arg = value - 1;
  else scan.goodIndex = false;
};

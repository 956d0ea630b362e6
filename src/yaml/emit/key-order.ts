const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

const isLetter = (char: string): boolean => {
  const code = char.charCodeAt(0);
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return LETTER.test(char);
};

const isDigit = (char: string | undefined): boolean => {
  if (char === undefined) return false;
  const code = char.charCodeAt(0);
  return code < 128 ? code >= 48 && code <= 57 : DIGIT.test(char);
};

const codeOf = (char: string | undefined): number => char?.codePointAt(0) ?? 0;

/** The number that a run of digits from `start` denotes, begun with `head`, as int64 arithmetic gives it; and its end. */
const readDigits = (chars: readonly string[], start: number, head: bigint): readonly [bigint, number] => {
  let value = head;
  let end = start;
  for (; isDigit(chars[end]); end++) value = BigInt.asIntN(64, value * 10n + BigInt(codeOf(chars[end]) - 48));
  return [value, end];
};

/** Whether a digit other than 0 stands in the run of digits before `index`: then a 0 at `index` is not a leading one. */
const continuesNumber = (chars: readonly string[], index: number): boolean => {
  for (let before = index - 1; before >= 0 && isDigit(chars[before]); before--) if (chars[before] !== '0') return true;
  return false;
};

const compareAt = (left: readonly string[], right: readonly string[], index: number): number => {
  const a = left[index] ?? '';
  const b = right[index] ?? '';
  const aLetter = isLetter(a);
  const bLetter = isLetter(b);
  if (aLetter && bLetter) return codeOf(a) - codeOf(b);
  if (aLetter || bLetter) return bLetter ? -1 : 1;
  const head = (a === '0' || b === '0') && continuesNumber(left, index) ? 1n : 0n;
  const [aNumber, aEnd] = readDigits(left, index, head);
  const [bNumber, bEnd] = readDigits(right, index, head);
  if (aNumber !== bNumber) return aNumber < bNumber ? -1 : 1;
  return aEnd === bEnd ? codeOf(a) - codeOf(b) : aEnd - bEnd;
};

const PLAIN_ASCII = /^[A-Za-z]*$/;

/**
 * Order in which go-yaml writes the keys of a mapping, for `sort`: by code points, other characters before letters, runs
 * of digits as numbers (`a2` before `a10`).
 */
export const compareKeys = (left: string, right: string): number => {
  if (PLAIN_ASCII.test(left) && PLAIN_ASCII.test(right)) return left < right ? -1 : left === right ? 0 : 1;
  const a = Array.from(left);
  const b = Array.from(right);
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) if (a[index] !== b[index]) return compareAt(a, b, index);
  return a.length - b.length;
};

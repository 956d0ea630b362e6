/**
 * Why Envoy would refuse a header value with `%VARIABLE(...)%` in it, as the end of a sentence: the grammar is that of
 * Envoy's header formatter, where `%%` is a percent sign and arguments are texts or JSON arrays of strings.
 */
export const refuseHeaderValue = (value: string): string | undefined => {
  if (hasControl(value)) return 'holds a control character';
  let at = 0;
  while (at < value.length) {
    if (value[at] !== '%') at++;
    else if (value[at + 1] === '%') at += 2;
    else {
      const end = endOfVariable(value, at + 1);
      if (typeof end === 'string') return end;
      at = end;
    }
  }
  return undefined;
};

/** Control characters other than the tab. */
const hasControl = (value: string): boolean =>
  [...value].some((character) => (character < ' ' && character !== '\t') || character === '\u007f');

const UNCLOSED = 'has a % that begins no complete %VARIABLE%: write %% for a percent sign';

/** The offset behind the percent sign that ends a variable. */
const endOfVariable = (value: string, start: number): number | string => {
  for (let at = start; at < value.length; at++) {
    if (value[at] === '%') return at + 1;
    if (value[at] === '(') return endOfArguments(value, at + 1);
  }
  return UNCLOSED;
};

const skipBlanks = (value: string, start: number): number => {
  let at = start;
  while (value[at] === ' ') at++;
  return at;
};

const endOfArguments = (value: string, start: number): number | string => {
  const first = skipBlanks(value, start);
  let at = first;
  if (value[first] === '[') {
    const end = endOfArray(value, first + 1);
    if (typeof end === 'string') return end;
    at = skipBlanks(value, end);
    if (value[at] !== ')') return at >= value.length ? UNCLOSED : 'lacks a ) behind the list of a variable';
  } else {
    // The first character of a plain argument never ends it.
    for (at = first + 1; at < value.length && value[at] !== ')'; at++) if (value[at] === '\\') at++;
  }
  at = skipBlanks(value, at + 1);
  if (at >= value.length) return UNCLOSED;
  return value[at] === '%' ? at + 1 : 'lacks a % behind the arguments of a variable';
};

/** The offset behind the bracket that ends a JSON array of strings. */
const endOfArray = (value: string, start: number): number | string => {
  let at = start;
  for (;;) {
    at = skipBlanks(value, at);
    if (at >= value.length) return UNCLOSED;
    if (value[at] !== '"') return 'lacks a " in the list of a variable';
    for (at++; at < value.length && value[at] !== '"'; at++) if (value[at] === '\\') at++;
    at = skipBlanks(value, at + 1);
    if (at >= value.length) return UNCLOSED;
    if (value[at] === ']') return at + 1;
    if (value[at] !== ',') return 'lacks a , or ] in the list of a variable';
    at++;
  }
};

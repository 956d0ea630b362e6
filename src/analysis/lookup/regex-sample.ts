import { compileRegex } from '../../traffic/regex.ts';

/** Characters to try for a class, the plainest first. */
const TRIED = [...'a1A-_/. :,;=+@%*!#$&?~"\'()<>[]{}|^\\'];

const ESCAPES: Readonly<Record<string, string>> = {
  d: '1',
  w: 'a',
  s: ' ',
  D: 'a',
  W: '-',
  S: 'a',
  b: '',
  A: '',
  z: '',
};

/** The end of what begins with an opening bracket at `from`: the index behind its partner, the end of the text if none. */
const skipClass = (source: string, from: number): number => {
  // A closing bracket that comes first, maybe behind `^`, is a member.
  const first = source[from + 1] === '^' ? from + 2 : from + 1;
  for (let at = first; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === ']' && at > first) return at + 1;
  }
  return source.length;
};

const skipGroup = (source: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (char === '[') at = skipClass(source, at) - 1;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at + 1;
  }
  return source.length;
};

/** The first alternative of an expression. */
const firstBranch = (source: string): string => {
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (char === '[') at = skipClass(source, at) - 1;
    else if (char === '(') at = skipGroup(source, at) - 1;
    else if (char === '|') return source.slice(0, at);
  }
  return source;
};

const memberOf = (set: string): string => {
  const regex = compileRegex(set);
  return 'test' in regex ? (TRIED.find((char) => regex.test(char)) ?? '') : '';
};

/** The sample of the atom that begins at `at`, and the index behind it. */
const sampleAtom = (source: string, at: number, depth: number): readonly [sample: string, end: number] => {
  const char = source[at] ?? '';
  if (char === '\\') {
    const escaped = source[at + 1] ?? '';
    return [ESCAPES[escaped] ?? escaped, at + 2];
  }
  if (char === '[') {
    const end = skipClass(source, at);
    return [memberOf(source.slice(at, end)), end];
  }
  if (char === '(') {
    const end = skipGroup(source, at);
    const inner = source.slice(at + 1, end - 1).replace(/^\?(?:P?<\w+>|[a-zA-Z-]*:)/, '');
    return [/^\?/.test(inner) ? '' : sample(inner, depth + 1), end];
  }
  return [char === '.' ? 'a' : char === '^' || char === '$' ? '' : char, at + 1];
};

const MAX_DEPTH = 20;
const MAX_REPEAT = 100;

const sample = (source: string, depth: number): string => {
  if (depth > MAX_DEPTH) return '';
  const branch = firstBranch(source);
  let text = '';
  for (let at = 0; at < branch.length; ) {
    const [atom, end] = sampleAtom(branch, at, depth);
    const quantifier = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(branch.slice(end, end + 16));
    const least = quantifier?.[1] ?? (/^[*?]/.test(quantifier?.[0] ?? '') ? '0' : '1');
    text += atom.repeat(Math.min(Number(least), MAX_REPEAT));
    at = end + (quantifier?.[0].length ?? 0);
  }
  return text;
};

/**
 * A short text that a regular expression (RE2) probably takes, built from its first alternatives and fewest repetitions;
 * whoever needs a proof tries it.
 */
export const sampleRegex = (source: string): string => sample(source, 0);

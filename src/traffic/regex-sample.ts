import { compileRegex } from './regex.ts';

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

/** The alternatives of an expression, outside of its groups. */
const branchesOf = (source: string): readonly string[] => {
  const branches: string[] = [];
  let start = 0;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (char === '[') at = skipClass(source, at) - 1;
    else if (char === '(') at = skipGroup(source, at) - 1;
    else if (char === '|') {
      branches.push(source.slice(start, at));
      start = at + 1;
    }
  }
  return [...branches, source.slice(start)];
};

const memberOf = (set: string): string => {
  const regex = compileRegex(set);
  return 'test' in regex ? (TRIED.find((char) => regex.test(char)) ?? '') : '';
};

/** Which of several samples: the alternative of every choice, and repetitions beyond the fewest. */
interface Variant {
  readonly branch: number;
  readonly more: number;
}

/** The sample of the atom that begins at `at`, and the index behind it. */
const sampleAtom = (
  source: string,
  at: number,
  variant: Variant,
  depth: number,
): readonly [sample: string, end: number] => {
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
    return [/^\?/.test(inner) ? '' : sample(inner, variant, depth + 1), end];
  }
  return [char === '.' ? 'a' : char === '^' || char === '$' ? '' : char, at + 1];
};

const MAX_DEPTH = 20;
const MAX_REPEAT = 100;

const sample = (source: string, variant: Variant, depth: number): string => {
  if (depth > MAX_DEPTH) return '';
  const branches = branchesOf(source);
  const branch = branches[variant.branch % branches.length] ?? '';
  let text = '';
  for (let at = 0; at < branch.length; ) {
    const [atom, end] = sampleAtom(branch, at, variant, depth);
    const quantifier = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(branch.slice(end, end + 16));
    const least = Number(quantifier?.[1] ?? (/^[*?]/.test(quantifier?.[0] ?? '') ? '0' : '1'));
    const more = /^(?:[*+?]|\{\d+,)/.test(quantifier?.[0] ?? '') ? variant.more : 0;
    text += atom.repeat(Math.min(least + more, MAX_REPEAT));
    at = end + (quantifier?.[0].length ?? 0);
  }
  return text;
};

/**
 * A short text that a regular expression (RE2) probably takes, built from its first alternatives and fewest repetitions;
 * whoever needs a proof tries it.
 */
export const sampleRegex = (source: string): string => sample(source, { branch: 0, more: 0 }, 0);

const MAX_BRANCHES = 12;

/** Texts that probably are taken, such that each of the first twelve alternatives of every choice occurs in one. */
export const sampleRegexBranches = (source: string): readonly string[] => {
  const choices = Math.min(source.split('|').length, MAX_BRANCHES);
  const variants = Array.from({ length: choices }, (_, branch) => [
    sample(source, { branch, more: 0 }, 0),
    sample(source, { branch, more: 1 }, 0),
  ]);
  return [...new Set(variants.flat())];
};

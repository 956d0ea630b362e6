import { RE2JS } from 're2js';

const SPECIAL = /[.+^$()|\\\]{}*?[]/;

/** The end of the class that opens at `start`; -1 for none. */
const classEnd = (pattern: string, start: number): number =>
  pattern.indexOf(']', start + (pattern[start + 1] === '!' ? 3 : 2));

const translate = (pattern: string): string => {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const end = char === '[' ? classEnd(pattern, at) : -1;
    if (char === '*' && pattern[at + 1] === '*') {
      source += '.*';
      while (pattern[at + 1] === '*') at++;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (end > 0) {
      source += pattern.slice(at, end + 1).replace('[!', '[^');
      at = end;
    } else if (char === '{') {
      depth++;
      source += '(?:';
    } else if (char === '}' && depth > 0) {
      depth--;
      source += ')';
    } else if (char === ',' && depth > 0) source += '|';
    else {
      const literal = char === '\\' ? (pattern[++at] ?? '\\') : char;
      source += SPECIAL.test(literal) ? `\\${literal}` : literal;
    }
  }
  return source;
};

/**
 * A matcher of whole paths: `*` and `?` stay within a directory, `**` does not, `[ab]`, `[!ab]` and `{a,b}` choose, `\`
 * quotes. A pattern that is none matches everything, as in helm.
 */
export const compileGlob = (pattern: string): ((path: string) => boolean) => {
  try {
    const compiled = RE2JS.compile(translate(pattern), RE2JS.DOTALL);
    return (path) => compiled.matches(path);
  } catch {
    return () => true;
  }
};

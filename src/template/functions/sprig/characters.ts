const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const LETTER_OR_DIGIT = /[\p{L}\p{Nd}]/u;
const UPPER = /\p{Lu}/u;
const LOWER = /\p{Ll}/u;
const TITLE = /\p{Lt}/u;

/** unicode.IsSpace. */
export const isSpace = (char: string): boolean => SPACE.test(char);

/** unicode.IsUpper. */
export const isUpper = (char: string): boolean => UPPER.test(char);

/** unicode.IsLower. */
export const isLower = (char: string): boolean => LOWER.test(char);

/** unicode.IsTitle. */
export const isTitle = (char: string): boolean => TITLE.test(char);

// Go maps one code point to one; what JavaScript makes several of stays as it is.
const single = (mapped: string, char: string): string => (Array.from(mapped).length === 1 ? mapped : char);

/** unicode.ToUpper of one character. */
export const toUpper = (char: string): string => single(char.toUpperCase(), char);

/** unicode.ToLower of one character. */
export const toLower = (char: string): string => (char === 'İ' ? 'i' : single(char.toLowerCase(), char));

const TITLE_CASE: ReadonlyMap<string, string> = new Map(
  ['ǅ', 'ǈ', 'ǋ', 'ǲ'].flatMap((title) => [title.toUpperCase(), title, title.toLowerCase()].map((one) => [one, title])),
);

/** unicode.ToTitle of one character. */
export const toTitle = (char: string): string => TITLE_CASE.get(char) ?? toUpper(char);

const eachCharacter = (text: string, map: (char: string) => string): string => Array.from(text, map).join('');

/** strings.ToUpper: one character for one, so ß stays. */
export const upperCase = (text: string): string => eachCharacter(text, toUpper);

/** strings.ToLower. */
export const lowerCase = (text: string): string => eachCharacter(text, toLower);

/** strings.TrimSpace. */
export const trimSpace = (text: string): string => trimWhere(text, isSpace);

/** strings.TrimFunc. */
export const trimWhere = (text: string, drops: (char: string) => boolean): string => {
  const chars = Array.from(text);
  const start = chars.findIndex((char) => !drops(char));
  if (start < 0) return '';
  return chars.slice(start, chars.findLastIndex((char) => !drops(char)) + 1).join('');
};

const startsWord = (before: string): boolean =>
  /[\0-\x7f]/.test(before) ? !/\w/.test(before) : !LETTER_OR_DIGIT.test(before) && isSpace(before);

/** strings.Title: the first character of each word in title case. */
export const titleCase = (text: string): string => {
  let before = ' ';
  return eachCharacter(text, (char) => {
    const starts = startsWord(before);
    before = char;
    return starts ? toTitle(char) : char;
  });
};

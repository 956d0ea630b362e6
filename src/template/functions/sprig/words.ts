import { byteLength, sliceBytes, toBytes } from '../../bytes.ts';
import { fixed, type TemplateFunction } from '../../functions.ts';
import { INT, STRING } from '../../type.ts';
import { isLower, isSpace, isTitle, isUpper, toLower, toTitle, toUpper } from './characters.ts';

/** Bytes as characters of their own, as where Go goes over a string by index. */
const byteCharacters = (text: string): readonly string[] =>
  Array.from(toBytes(text), (byte) => String.fromCharCode(byte));

const abbreviate = (offset: number, width: number, text: string): string => {
  const length = byteLength(text);
  if (length <= width) return text;
  let start = Math.min(offset, length);
  if (length - start < width - 3) start = length - (width - 3);
  if (start <= 4) return `${sliceBytes(text, 0, width - 3)}...`;
  if (width < 7) return '';
  if (start + width - 3 < length) return `...${abbreviate(0, width - 3, sliceBytes(text, start))}`;
  return `...${sliceBytes(text, length - (width - 3))}`;
};

const initials = (text: string): string => {
  const chars = byteCharacters(text);
  return chars.filter((char, at) => !isSpace(char) && (at === 0 || isSpace(chars[at - 1] ?? ''))).join('');
};

/** Drops white space; a text that has some is read byte by byte. */
const withoutSpace = (text: string): string => {
  const chars = byteCharacters(text);
  const kept = chars.filter((char) => !isSpace(char));
  return kept.length === chars.length ? text : kept.join('');
};

const uncapitalize = (text: string): string => {
  let starts = true;
  return Array.from(text, (char) => {
    if (isSpace(char)) starts = true;
    else if (starts) {
      starts = false;
      return toLower(char);
    }
    return char;
  }).join('');
};

const swapCase = (text: string): string => {
  let starts = true;
  return Array.from(text, (char) => {
    const first = starts;
    const lower = isLower(char);
    starts = !lower && !isUpper(char) && !isTitle(char) && isSpace(char);
    if (lower) return first ? toTitle(char) : toUpper(char);
    return isUpper(char) || isTitle(char) ? toLower(char) : char;
  }).join('');
};

/** Breaks a text at spaces so that lines keep to a width in bytes, words longer than that where they are asked to. */
const wrap = (text: string, wanted: number, lineBreak: string, breaksWords: boolean): string => {
  const width = Math.max(1, wanted);
  const chars = byteCharacters(text);
  const lines: [number, number][] = [];
  let offset = 0;
  while (chars.length - offset > width) {
    if (chars[offset] === ' ') {
      offset++;
      continue;
    }
    const space = chars.lastIndexOf(' ', offset + width);
    if (space >= offset) {
      lines.push([offset, space]);
      offset = space + 1;
    } else if (breaksWords) {
      lines.push([offset, offset + width]);
      offset += width;
    } else {
      const next = chars.indexOf(' ', offset + width);
      if (next < 0)
        return [...lines, [offset, chars.length] as const]
          .map(([from, to]) => sliceBytes(text, from, to))
          .join(lineBreak);
      lines.push([offset, next]);
      offset = next + 1;
    }
  }
  lines.push([offset, chars.length]);
  return lines.map(([from, to]) => sliceBytes(text, from, to)).join(lineBreak);
};

const isConnector = (char: string): boolean => char === '-' || char === '_' || isSpace(char);

/** `a_foo-bar` as `AFooBar`; connectors in a row lose one of them. */
const camelCase = (text: string): string => {
  const chars = Array.from(text);
  const lead = chars.findIndex((char) => !isConnector(char));
  if (lead < 0) return chars.length === 0 ? '' : text + (chars.at(-1) ?? '');
  let out = chars.slice(0, lead).join('');
  let current = toUpper(chars[lead] ?? '');
  let inCapitals = isUpper(chars[lead] ?? '');
  for (const char of chars.slice(lead + 1)) {
    const before = current;
    current = char;
    if (isConnector(char) && isConnector(before)) {
      out += before;
    } else if (isConnector(before)) {
      inCapitals = isUpper(char);
      current = toUpper(char);
    } else {
      if (inCapitals && isUpper(char)) current = toLower(char);
      else inCapitals = false;
      out += before;
    }
  }
  return out + current;
};

type WordKind = 'number' | 'upper' | 'alphabet' | 'connector' | 'punctuation' | 'other';

interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

const WORDS =
  /(?<connector>[-_\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+)|(?<punctuation>\p{P}+)|(?<upper>\p{Lu}+(?![\p{Ll}\p{Lt}\p{Lm}\p{Lo}])|\p{Lu}[\p{Ll}\p{Lt}\p{Lm}\p{Lo}]+)|(?<alphabet>[\p{Ll}\p{Lt}\p{Lm}\p{Lo}]+)|(?<number>\p{N}+)|(?<other>[^-_\s\p{P}\p{L}\p{N}]+)/gu;

const wordsOf = (text: string): readonly Word[] =>
  Array.from(text.matchAll(WORDS), ({ 0: word, groups = {} }) => ({
    kind: (Object.keys(groups).find((kind) => groups[kind] !== undefined) ?? 'other') as WordKind,
    text: word,
  }));

const lowered = ({ kind, text }: Word, connector: string): string =>
  kind === 'upper' || kind === 'connector'
    ? Array.from(text, (char) => (isConnector(char) ? connector : isUpper(char) ? toLower(char) : char)).join('')
    : text;

const joinsFreely = (word: Word | undefined): boolean =>
  word === undefined || word.kind === 'connector' || word.kind === 'punctuation';

const isTail = (word: Word | undefined): boolean => word?.kind === 'alphabet' || word?.kind === 'number';

/** `FooBar2x` as `foo_bar_2x`: words in lower case with a connector between them, numbers with the letters that follow. */
const connected = (text: string, connector: string): string => {
  const words = wordsOf(text);
  let out = '';
  let at = 0;
  const write = (word: Word | undefined): void => {
    if (word !== undefined) out += lowered(word, connector);
  };
  const writeTail = (): void => {
    while (isTail(words[at])) write(words[at++]);
    if (!joinsFreely(words[at])) out += connector;
  };
  while (at < words.length - 1) {
    const word = words[at++];
    write(word);
    if (word?.kind === 'connector' || word?.kind === 'punctuation') continue;
    if (word?.kind === 'number') {
      writeTail();
    } else if (words[at]?.kind !== 'number') {
      if (!joinsFreely(words[at])) out += connector;
    } else if (at < words.length - 1) {
      // A number belongs to the letters behind it, and where there are none to those before.
      const number = words[at++];
      if (words[at]?.kind === 'alphabet') {
        out += connector;
        write(number);
        writeTail();
      } else {
        write(number);
        if (!joinsFreely(words[at])) out += connector;
      }
    }
  }
  write(words[at]);
  return out;
};

/** sprig's functions on the words of a text and their case. */
export const wordFunctions: readonly TemplateFunction[] = [
  fixed('abbrev', [INT, STRING], (width, text) => (width.value < 4n ? text : abbreviate(0, Number(width.value), text))),
  fixed('abbrevboth', [INT, INT, STRING], (left, right, text) =>
    right.value < 4n || (left.value > 0n && right.value < 7n)
      ? text
      : abbreviate(Number(left.value), Number(right.value), text),
  ),
  fixed('initials', [STRING], initials),
  fixed('nospace', [STRING], withoutSpace),
  fixed('untitle', [STRING], uncapitalize),
  fixed('swapcase', [STRING], swapCase),
  fixed('camelcase', [STRING], camelCase),
  fixed('snakecase', [STRING], (text) => connected(text, '_')),
  fixed('kebabcase', [STRING], (text) => connected(text, '-')),
  fixed('wrap', [INT, STRING], (width, text, runtime) => {
    runtime.spend(text.length * 2);
    return wrap(text, Number(width.value), '\n', false);
  }),
  fixed('wrapWith', [INT, STRING, STRING], (width, lineBreak, text, runtime) => {
    runtime.spend(text.length * (lineBreak.length + 1));
    return wrap(text, Number(width.value), lineBreak || '\n', true);
  }),
];

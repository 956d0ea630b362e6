import { isPrint, quote } from '../fmt/quote.ts';
import { KEYWORDS, type Token, type TokenKind } from './token.ts';

/** Hands out one token after the other, `eof` forever at the end; an `error` token carries a message. */
export type NextToken = () => Token;

const SPACE = ' \t\r\n';
const ASCII_WORD = /\w*/y;
// Apart from ASCII, because tables of Unicode take a millisecond to make.
const LETTER_OR_DIGIT = /^[\p{L}\p{Nd}]$/u;

/** Where the scanner stands. `start` and `startLine` are of the token under way. */
interface Scanner {
  readonly text: string;
  readonly isKeyword: (word: string) => boolean;
  at: number;
  start: number;
  startLine: number;
  insideAction: boolean;
  parens: number;
}

/** Splits a template into tokens; `isKeyword` tells break and continue apart from functions of that name. */
export const lex = (text: string, isKeyword: (word: string) => boolean): NextToken => {
  const scanner: Scanner = { text, isKeyword, at: 0, start: 0, startLine: 1, insideAction: false, parens: 0 };
  return () => (scanner.insideAction ? insideAction(scanner) : outsideAction(scanner));
};

const emit = (scanner: Scanner, kind: TokenKind): Token => {
  const { text, start, at, startLine } = scanner;
  const token = { kind, at: start, text: text.slice(start, at), line: startLine };
  skip(scanner);
  return token;
};

/** Begins the next token where the scanner stands. */
const skip = (scanner: Scanner): void => {
  const { text, start, at } = scanner;
  for (let found = text.indexOf('\n', start); found >= 0 && found < at; found = text.indexOf('\n', found + 1)) {
    scanner.startLine++;
  }
  scanner.start = at;
};

const failure = (scanner: Scanner, message: string): Token => ({
  kind: 'error',
  at: scanner.start,
  text: message,
  line: scanner.startLine,
});

const isSpace = (char: string | undefined): boolean => char !== undefined && char !== '' && SPACE.includes(char);

const isLeftTrim = (text: string, at: number): boolean => text[at] === '-' && isSpace(text[at + 1]);

const isRightTrim = (text: string, at: number): boolean => isSpace(text[at]) && text[at + 1] === '-';

/** Length of the right delimiter here with its trim marker; 0 where none stands. */
const rightDelimAt = ({ text }: Scanner, at: number): 0 | 2 | 4 => {
  if (isRightTrim(text, at) && text.startsWith('}}', at + 2)) return 4;
  return text.startsWith('}}', at) ? 2 : 0;
};

const skipSpaces = (scanner: Scanner): void => {
  while (isSpace(scanner.text[scanner.at])) scanner.at++;
};

/** Text up to the next action; comments vanish. */
const outsideAction = (scanner: Scanner): Token => {
  const { text } = scanner;
  for (;;) {
    const open = text.indexOf('{{', scanner.at);
    if (open < 0) {
      scanner.at = text.length;
      return emit(scanner, scanner.at > scanner.start ? 'text' : 'eof');
    }
    let end = open;
    if (isLeftTrim(text, open + 2)) while (end > scanner.start && isSpace(text[end - 1])) end--;
    if (end > scanner.start) {
      scanner.at = end;
      const token = emit(scanner, 'text');
      scanner.at = open;
      skip(scanner);
      return token;
    }
    scanner.at = open;
    skip(scanner);
    const marker = isLeftTrim(text, open + 2) ? 2 : 0;
    if (!text.startsWith('/*', open + 2 + marker)) return leftDelim(scanner, marker);
    const broken = comment(scanner, open + 2 + marker);
    if (broken !== undefined) return broken;
  }
};

const leftDelim = (scanner: Scanner, marker: number): Token => {
  scanner.at += 2;
  const token = emit(scanner, 'leftDelim');
  scanner.insideAction = true;
  scanner.at += marker;
  skip(scanner);
  scanner.parens = 0;
  return token;
};

/** Passes a comment; an error token where it does not end as it must. */
const comment = (scanner: Scanner, from: number): Token | undefined => {
  scanner.at = from;
  skip(scanner);
  const close = scanner.text.indexOf('*/', from + 2);
  if (close < 0) return failure(scanner, 'unclosed comment');
  const delim = rightDelimAt(scanner, close + 2);
  if (delim === 0) return failure(scanner, 'comment ends before closing delimiter');
  scanner.at = close + 2 + delim;
  if (delim === 4) skipSpaces(scanner);
  skip(scanner);
  return undefined;
};

const rightDelim = (scanner: Scanner, delim: 2 | 4): Token => {
  scanner.at += delim - 2;
  skip(scanner);
  scanner.at += 2;
  const token = emit(scanner, 'rightDelim');
  if (delim === 4) skipSpaces(scanner);
  skip(scanner);
  scanner.insideAction = false;
  return token;
};

/** The character here, whole; the empty string at the end. */
const charAt = ({ text }: Scanner, at: number): string => {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
};

const insideAction = (scanner: Scanner): Token => {
  const delim = rightDelimAt(scanner, scanner.at);
  if (delim !== 0) return scanner.parens === 0 ? rightDelim(scanner, delim) : failure(scanner, 'unclosed left paren');
  const char = charAt(scanner, scanner.at);
  if (char === '') return failure(scanner, 'unclosed action');
  if (isSpace(char)) return space(scanner);
  if (isAlphaNumeric(char) && !/\d/.test(char)) return identifier(scanner);
  scanner.at += char.length;
  switch (char) {
    case '=':
      return emit(scanner, 'assign');
    case ':':
      if (scanner.text[scanner.at] !== '=') return failure(scanner, 'expected :=');
      scanner.at++;
      return emit(scanner, 'declare');
    case '|':
      return emit(scanner, 'pipe');
    case '"':
      return quoted(scanner, '"', 'string', 'quoted string');
    case "'":
      return quoted(scanner, "'", 'charConstant', 'character constant');
    case '`':
      return rawString(scanner);
    case '$':
      return fieldOrVariable(scanner, 'variable', 'variable');
    case '(':
      scanner.parens++;
      return emit(scanner, 'leftParen');
    case ')':
      scanner.parens--;
      return scanner.parens < 0 ? failure(scanner, 'unexpected right paren') : emit(scanner, 'rightParen');
    default:
      return other(scanner, char);
  }
};

const other = (scanner: Scanner, char: string): Token => {
  if (char === '.') {
    const next = scanner.text[scanner.at];
    if (next !== undefined && !/\d/.test(next)) return fieldOrVariable(scanner, 'field', 'dot');
  }
  if (/[.+\-\d]/.test(char)) {
    scanner.at -= char.length;
    return number(scanner);
  }
  if (char <= '\x7f' && isPrint(char)) return emit(scanner, 'char');
  return failure(scanner, `unrecognized character in action: ${codeOf(char)}`);
};

/** A character as `%#U` prints it. */
const codeOf = (char: string): string => {
  const code = char.codePointAt(0) ?? 0;
  const shown = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  const name = `U+${shown.toString(16).toUpperCase().padStart(4, '0')}`;
  return isPrint(String.fromCodePoint(shown)) ? `${name} '${String.fromCodePoint(shown)}'` : name;
};

const space = (scanner: Scanner): Token => {
  const from = scanner.at;
  skipSpaces(scanner);
  // The last space may belong to a right delimiter with trim marker.
  if (rightDelimAt(scanner, scanner.at - 1) === 4) {
    scanner.at--;
    if (scanner.at === from) return rightDelim(scanner, 4);
  }
  return emit(scanner, 'space');
};

const isAlphaNumeric = (char: string): boolean => (char <= '\x7f' ? /^\w$/.test(char) : LETTER_OR_DIGIT.test(char));

const takeWord = (scanner: Scanner): void => {
  for (;;) {
    ASCII_WORD.lastIndex = scanner.at;
    ASCII_WORD.test(scanner.text);
    scanner.at = ASCII_WORD.lastIndex;
    const char = charAt(scanner, scanner.at);
    if (char <= '\x7f' || !isAlphaNumeric(char)) return;
    scanner.at += char.length;
  }
};

const isTerminator = (scanner: Scanner): boolean => {
  const char = scanner.text[scanner.at];
  return char === undefined || isSpace(char) || '.,|:)('.includes(char) || scanner.text.startsWith('}}', scanner.at);
};

const badCharacter = (scanner: Scanner): Token =>
  failure(scanner, `bad character ${codeOf(charAt(scanner, scanner.at))}`);

const identifier = (scanner: Scanner): Token => {
  takeWord(scanner);
  if (!isTerminator(scanner)) return badCharacter(scanner);
  const word = scanner.text.slice(scanner.start, scanner.at);
  if (word === 'true' || word === 'false') return emit(scanner, 'bool');
  return emit(scanner, scanner.isKeyword(word) ? (KEYWORDS.get(word) ?? 'identifier') : 'identifier');
};

const fieldOrVariable = (scanner: Scanner, kind: TokenKind, alone: TokenKind): Token => {
  if (isTerminator(scanner)) return emit(scanner, alone);
  takeWord(scanner);
  return isTerminator(scanner) ? emit(scanner, kind) : badCharacter(scanner);
};

const quoted = (scanner: Scanner, delimiter: string, kind: TokenKind, what: string): Token => {
  for (;;) {
    const char = scanner.text[scanner.at];
    const ends = char === undefined || char === '\n';
    const next = scanner.text[scanner.at + 1];
    if (ends || (char === '\\' && (next === undefined || next === '\n'))) {
      return failure(scanner, `unterminated ${what}`);
    }
    scanner.at += char === '\\' ? 2 : 1;
    if (char === delimiter) return emit(scanner, kind);
  }
};

const rawString = (scanner: Scanner): Token => {
  const close = scanner.text.indexOf('`', scanner.at);
  if (close < 0) return failure(scanner, 'unterminated raw quoted string');
  scanner.at = close + 1;
  return emit(scanner, 'rawString');
};

// Not perfect, as in Go: what is no number is found out when its value is read.
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;

const takeNumber = (scanner: Scanner): boolean => {
  NUMBER.lastIndex = scanner.at;
  scanner.at += NUMBER.exec(scanner.text)?.[0].length ?? 0;
  const next = charAt(scanner, scanner.at);
  if (!isAlphaNumeric(next)) return true;
  scanner.at += next.length;
  return false;
};

const number = (scanner: Scanner): Token => {
  const bad = (): Token =>
    failure(scanner, `bad number syntax: ${quote(scanner.text.slice(scanner.start, scanner.at))}`);
  if (!takeNumber(scanner)) return bad();
  const sign = scanner.text[scanner.at];
  if (sign !== '+' && sign !== '-') return emit(scanner, 'number');
  return takeNumber(scanner) && scanner.text[scanner.at - 1] === 'i' ? emit(scanner, 'complex') : bad();
};

/** What to tell a person about text that is not YAML. */
export interface SyntaxMessage {
  readonly message: string;
  readonly hint: string;
}

const INDENTATION: SyntaxMessage = {
  message: 'the indentation does not fit the lines above',
  hint: 'align the entry with its siblings, using spaces',
};
const TAB: SyntaxMessage = { message: 'a tab is used for indentation', hint: 'use spaces' };
const UNTERMINATED: SyntaxMessage = {
  message: 'a quoted text is never closed',
  hint: 'add the closing quote, or indent its next lines',
};
/** Said of the bracket or quote itself. */
export const UNCLOSED: SyntaxMessage = {
  message: 'this bracket or quote is never closed',
  hint: 'close it, or quote the text if it only begins with this character',
};
const TAG: SyntaxMessage = { message: 'a tag is malformed', hint: 'quote the value if it begins with "!"' };
const DIRECTIVE: SyntaxMessage = {
  message: 'a % directive is malformed',
  hint: 'quote the value if it begins with "%", or write --- after the directive',
};

const UNEXPECTED: SyntaxMessage = {
  message: 'the text cannot be read as YAML from here on',
  hint: 'check the quotes, colons and indentation of this line and the one above',
};

/** What is wrong where an entry or a document should have ended; the parser itself only tells the place. */
const describeLeftover = (text: string, position: number): SyntaxMessage => {
  const character = text.charAt(position);
  const lineStart = Math.max(text.lastIndexOf('\n', position - 1), text.lastIndexOf('\r', position - 1)) + 1;
  const before = text.slice(lineStart, position).trimEnd();
  if (character === ':' && /:\s/.test(before)) {
    return { message: 'a second ":" on this line', hint: 'quote the value, or begin its mapping on the next line' };
  }
  if (character === ':') {
    return {
      message: 'this ":" comes in a text that began on a line above',
      hint: 'align the entry with its siblings, and put a blank behind the ":" of the line above',
    };
  }
  if (/[@`%]/.test(character)) return { message: `a text cannot begin with ${character}`, hint: 'quote it' };
  if (/[\]}]/.test(character)) return { message: `no bracket is open for this ${character}`, hint: 'remove it' };
  if (/["'\]}]$/.test(before)) {
    return { message: 'something follows a closing quote or bracket', hint: 'quote the whole value' };
  }
  if (character === '-' && before.endsWith(':')) {
    return { message: 'a list begins on the line of its key', hint: 'begin the list on the next line' };
  }
  return INDENTATION;
};

// Reasons of js-yaml's parser, by what is particular in them.
const KNOWN: readonly (readonly [RegExp, SyntaxMessage])[] = [
  [/tab character/, TAB],
  [/quoted scalar/, UNTERMINATED],
  [
    /indentation width|chomping mode|line break is expected/,
    {
      message: 'the header of a block text is malformed',
      hint: 'after | or > write only a digit, + or -, and begin the text on the next line',
    },
  ],
  [
    /implicit key/,
    {
      message: 'a line of this mapping has no ":"',
      hint: 'write "key: value", or indent the line if it continues the text above',
    },
  ],
  [/indentation|implicit mapping pair/, INDENTATION],
  [/missed comma/, { message: 'a comma is missing between two entries', hint: 'separate the entries with a comma' }],
  [/within a flow collection/, { message: 'a bracket is never closed', hint: 'add the closing ] or }' }],
  [/found ','/, { message: 'a comma stands where a value is expected', hint: 'remove the extra comma' }],
  [
    /escape sequence|hexadecimal/,
    {
      message: 'a backslash escape in a double-quoted text does not exist',
      hint: 'double the backslash, or use single quotes',
    },
  ],
  [
    /non-printable|valid JSON character/,
    {
      message: 'the text has a control character',
      hint: 'remove it, or write it as an escape in double quotes',
    },
  ],
  [/null byte/, { message: 'the text has a NUL byte', hint: 'check that this is a text file in UTF-8' }],
  [/tag/, TAG],
  [/directive/i, DIRECTIVE],
  [/YAML version/, { message: 'this version of YAML is not supported', hint: 'use %YAML 1.1 or 1.2, or no directive' }],
  [
    /anchor|alias/,
    {
      message: 'an anchor or alias is malformed',
      hint: 'quote the value if it begins with "&" or "*"',
    },
  ],
];

/** Rephrases the reason the parser gave for stopping at `position`; an unknown one becomes a general sentence. */
export const describeSyntax = (reason: string, text: string, position: number): SyntaxMessage => {
  if (/bad indentation of a mapping entry|end of the stream or a document/.test(reason)) {
    return describeLeftover(text, position);
  }
  return KNOWN.find(([pattern]) => pattern.test(reason))?.[1] ?? UNEXPECTED;
};

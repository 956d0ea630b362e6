import { resolvePlain } from '../scalar.ts';
import { isTimestamp } from '../timestamp.ts';

/** How go-yaml writes a text: bare, in quotes of one kind, or as a `|` block. */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

/** What libyaml's emitter writes as it is; tabs are not among it. Astral characters are escaped too. */
const UNPRINTABLE = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
/** Characters that end a line in YAML 1.1, of those that are printable. */
const LINE_BREAK = /[\n\u2028\u2029]/;
const SPACE_BEFORE_BREAK = / [\n\u2028\u2029]/;
const SPACE_AFTER_BREAK = /[\n\u2028\u2029] /;
const INDICATOR = /^---|^\.\.\.|^[#,[\]{}&*!|>'"%@`]|^[?-](?:[ \t]|$)|:(?:[ \t]|$)|[ \t]#/;
const OUTER_SPACE = /^ | $/;
/** Letters, digits and harmless signs, beginning so that no other type can be meant. */
const SURELY_PLAIN = /^[A-EG-MP-SU-XZa-eg-mp-su-xz/_$][\w/.-]*$/;
/** Base-60 numbers are text to go-yaml, but quoted for the sake of other readers. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

const readsAsText = (text: string): boolean => resolvePlain(text) === text && !isTimestamp(text) && !BASE_60.test(text);

/** Whether the text has more than one line to go-yaml's emitter: such a text is no simple key. */
export const isMultiline = (text: string): boolean => LINE_BREAK.test(text) || /[\r\x85]/.test(text);

const styleOfLines = (text: string): ScalarStyle =>
  UNPRINTABLE.test(text) || text.endsWith(' ') || SPACE_BEFORE_BREAK.test(text) ? 'double' : 'literal';

/** The style go-yaml 2 chooses for a text. */
export const chooseStyle = (text: string): ScalarStyle => {
  if (SURELY_PLAIN.test(text)) return 'plain';
  if (text.includes('\n')) return styleOfLines(text);
  if (!readsAsText(text) || UNPRINTABLE.test(text)) return 'double';
  if (SPACE_BEFORE_BREAK.test(text) || SPACE_AFTER_BREAK.test(text)) return 'double';
  return OUTER_SPACE.test(text) || INDICATOR.test(text) || LINE_BREAK.test(text) ? 'single' : 'plain';
};

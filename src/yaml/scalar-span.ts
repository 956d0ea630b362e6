import { type EVENT_ID, type Event, SCALAR_STYLE } from 'js-yaml';

export type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;

/** What the parser's offsets hold where there is nothing. */
export const NOWHERE = -1;

const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;

/** The offset of the first character at or after `from` that is neither blank nor in a comment. */
export const skipBlanks = (text: string, from: number): number => {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 35 && (at === 0 || isBlank(text.charCodeAt(at - 1)))) {
      while (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at++;
    } else if (!isBlank(code)) {
      break;
    }
  }
  return at;
};

/**
 * Where a scalar's own text begins: at its quote, its block indicator or its first character. One without text stands at
 * its tag or anchor, else behind the indicator that called for it, which follows `cursor`, the end of the node before.
 */
export const scalarStart = (text: string, event: ScalarEvent, cursor: number): number => {
  const { valueStart, style } = event;
  if (valueStart === NOWHERE) {
    if (event.tagStart !== NOWHERE) return event.tagStart;
    if (event.anchorStart !== NOWHERE) return event.anchorStart - 1;
    const at = skipBlanks(text, cursor);
    const code = text.charCodeAt(at);
    return code === 58 || code === 45 || code === 63 ? at + 1 : cursor;
  }
  if (style === SCALAR_STYLE.PLAIN) return valueStart;
  if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) return valueStart - 1;
  // The parser tells where a block text begins, not its header: the first | or > behind the key, the tag and the anchor.
  for (let at = Math.max(cursor, event.tagEnd, event.anchorEnd); at < valueStart; at++) {
    at = skipBlanks(text, at);
    const code = text.charCodeAt(at);
    if (code === 124 || code === 62) return at;
  }
  return valueStart;
};

/** Where it ends, exclusive: behind its quote; a block text's trailing line breaks are left out. */
export const scalarEnd = (text: string, event: ScalarEvent, start: number): number => {
  switch (event.style) {
    case SCALAR_STYLE.PLAIN:
      if (event.valueStart !== NOWHERE) return event.valueEnd;
      return Math.max(start, event.tagEnd, event.anchorEnd);
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return event.valueEnd + 1;
    default: {
      let end = event.valueEnd;
      while (end > start + 1 && isBlank(text.charCodeAt(end - 1))) end--;
      return end;
    }
  }
};

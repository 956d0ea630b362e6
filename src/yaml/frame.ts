import type { Span } from '../base/span.ts';
import { lineStarts, type SourceText } from './source-text.ts';

/** How the parts of a frame are decorated; each function gets plain text and answers text of the same width. */
interface FrameStyle {
  readonly gutter: (text: string) => string;
  readonly location: (text: string) => string;
  readonly mark: (text: string) => string;
}

export interface FrameOptions {
  /** Stands behind the carets: what is wrong here. */
  readonly label?: string;
  /** Stands behind the location in the head line, e.g. `VirtualService default/bookinfo`. */
  readonly title?: string;
  /** Lines before the marked one; two by default. */
  readonly contextLines?: number;
  /** Columns of text a line may take before it is clipped around the mark; 100 by default. */
  readonly width?: number;
  readonly style?: FrameStyle;
}

const PLAIN_STYLE: FrameStyle = { gutter: (text) => text, location: (text) => text, mark: (text) => text };
const ELLIPSIS = '…';
const TAB = '  ';

/** The text of a line without its break, tabs as two blanks and control and format characters as a dot. */
const showText = (text: string): string => text.replaceAll('\t', TAB).replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');

const lineText = (source: SourceText, line: number): string => {
  const starts = lineStarts(source);
  const start = starts[line - 1];
  if (start === undefined) return '';
  return source.text.slice(start, starts[line] ?? source.text.length).replace(/[\r\n]+$/, '');
};

/** Cuts `[from, from + width)` out of a line, with an ellipsis where something was left out. */
const clip = (text: string, from: number, width: number): string => {
  const head = from > 0 ? ELLIPSIS : '';
  const tail = text.length > from + width ? ELLIPSIS : '';
  return `${head}${text.slice(from + head.length, from + width - tail.length)}${tail}`;
};

/** Columns a text takes on a terminal, one per character; wide characters are rare in configuration. */
const widthOf = (text: string): number => Array.from(text).length;

/**
 * The head, up to three lines and the carets of a diagnostic, without a final line feed:
 *
 *       ╭─[gateway.yaml:39:15]  VirtualService default/bookinfo
 *       │
 *     39│         host: productpge
 *       │               ^^^^^^^^^^ no such host
 *
 * A span over several lines is marked to the end of its first. Text of the file cannot move the terminal's cursor.
 */
export const codeFrame = (source: SourceText, span: Span, options: FrameOptions = {}): string => {
  const { label, title, contextLines = 2, width = 100, style = PLAIN_STYLE } = options;
  const digits = String(span.line).length;
  const blank = ' '.repeat(digits);
  const marked = lineText(source, span.line);
  const before = showText(marked.slice(0, span.column - 1));
  const end = span.endLine === span.line ? span.endColumn - 1 : marked.length;
  const target = showText(marked.slice(span.column - 1, Math.max(end, span.column - 1)));
  // Leave two thirds of the width before the mark, so that the key of the value is seen.
  const lead = Math.floor((width * 2) / 3);
  const from = before.length + target.length <= width ? 0 : Math.max(0, before.length - lead);
  const visible = Math.max(1, Math.min(target.length, width - (before.length - from)));
  const carets = style.mark('^'.repeat(Math.max(1, widthOf(target.slice(0, visible)))));
  const indent = ' '.repeat(widthOf(before.slice(from)));
  const head = style.location(`[${span.file}:${span.line}:${span.column}]`);
  const lines = [
    `${blank}${style.gutter('╭─')}${head}${title === undefined ? '' : `  ${title}`}`,
    `${blank}${style.gutter('│')}`,
  ];
  for (let line = Math.max(1, span.line - contextLines); line <= span.line; line++) {
    const text = clip(showText(lineText(source, line)), from, width);
    lines.push(`${style.gutter(`${String(line).padStart(digits)}│`)}${text}`.trimEnd());
  }
  lines.push(`${blank}${style.gutter('│')}${indent}${carets}${label === undefined ? '' : ` ${style.mark(label)}`}`);
  return lines.join('\n');
};

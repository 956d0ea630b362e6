/** One document of a stream as Kubernetes' own reader cuts it: at lines that begin with `---`. */
export interface RawDocument {
  /** UTF-16 offset of its first character. */
  readonly start: number;
  readonly end: number;
  /** The text with line feeds only, and one at the end. */
  readonly text: string;
}

/** A line that begins with `---` and goes on: where it stands. */
export interface BadSeparator {
  readonly badSeparatorAt: number;
}

const LINE = /[^\n]*(?:\n|$)/y;

/**
 * Cuts a stream into documents. A separator in front of the first document belongs to it; empty documents but the
 * one before the first separator are documents.
 */
export const splitRaw = (text: string): readonly RawDocument[] | BadSeparator => {
  const documents: RawDocument[] = [];
  let lines: string[] = [];
  let start = 0;
  let at = 0;
  const close = (end: number): void => {
    documents.push({ start, end, text: lines.join('') });
    lines = [];
  };
  while (at < text.length) {
    LINE.lastIndex = at;
    const [line = ''] = LINE.exec(text) ?? [];
    const next = at + line.length;
    const content = line.replace(/\r?\n$/, '');
    const isSeparator = content.startsWith('---');
    if (isSeparator && !/^---\s*(?:#|$)/.test(content)) return { badSeparatorAt: at };
    if (isSeparator && lines.length > 0) {
      close(at);
      start = next;
    } else lines.push(`${content}\n`);
    at = next;
  }
  if (lines.length > 0) close(text.length);
  return documents;
};

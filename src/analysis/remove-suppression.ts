import type { Span } from '../base/span.ts';
import type { KubernetesObject } from '../model/resource.ts';
import { setText } from '../yaml/edit.ts';
import { type SourceText, spanAt } from '../yaml/source-text.ts';
import { rangeOf } from '../yaml/text-edit.ts';
import type { Edit } from './finding.ts';
import { removeAnnotation } from './lookup/remove-annotation.ts';

/** The other codes of a list; undefined where the code is not written in it as such. */
const withoutCode = (list: string, code: string): readonly string[] | undefined => {
  const codes = list.split(',').map((one) => one.trim());
  return codes.includes(code) ? codes.filter((one) => one !== code) : undefined;
};

/** The comment with the blanks before it, or its whole line where nothing else is on it. */
const removeComment = (source: SourceText, start: number, end: number): Edit => {
  const { text } = source;
  let from = start;
  while (from > 0 && ' \t'.includes(text.charAt(from - 1))) from--;
  const isOwnLine = from === 0 || '\r\n\uFEFF'.includes(text.charAt(from - 1));
  const lineBreak = isOwnLine ? (/^(?:\r\n|\r|\n)/.exec(text.slice(end, end + 2))?.[0] ?? '') : '';
  return { span: spanAt(source, from, end + lineBreak.length), text: '' };
};

/** Takes a code out of a comment `# heddle-ignore CODES -- reason`, and the comment with the last. */
export const removeFromComment = (source: SourceText, span: Span, code: string): Edit | undefined => {
  const { start, end } = rangeOf(source, span);
  const [, head = '', list = '', reason = ''] =
    /^(#[ \t]*heddle-ignore)(.*?)(--.*)?$/.exec(source.text.slice(start, end)) ?? [];
  const left = withoutCode(list, code);
  if (left === undefined) return undefined;
  if (left.length === 0) return removeComment(source, start, end);
  const codes = left.join(list.includes(', ') ? ', ' : ',');
  return { span, text: `${head} ${codes}${reason === '' ? '' : ` ${reason}`}` };
};

/** Takes a code out of the list that an annotation holds, and the annotation with the last. */
export const removeFromAnnotation = (object: KubernetesObject, name: string, code: string): Edit | undefined => {
  const { annotations = {} } = object.metadata;
  const left = withoutCode(annotations[name] ?? '', code);
  if (left === undefined) return undefined;
  return left.length === 0 ? removeAnnotation(object, name) : setText(annotations, name, left.join(','));
};

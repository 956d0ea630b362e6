import type { GoStructs } from '../model/typed/descriptor.ts';
import { isObject } from '../model/value.ts';
import { printGoYaml } from '../yaml/emit/go-yaml.ts';
import { loadYaml } from '../yaml/load.ts';
import { positionOf } from '../yaml/located.ts';
import type { SourceText } from '../yaml/source-text.ts';
import { splitRaw } from './documents.ts';
import { findOriginal, type Packing } from './keep-original.ts';
import { uninjectObject } from './uninject-object.ts';

/**
 * A stream without what injection added: documents whose original is kept in a comment, and that have not been edited
 * since, get back their bytes; other injected ones are written anew, and all the rest stays as it is.
 */
export const uninjectStream = (structs: GoStructs, source: SourceText, packing: Packing): string => {
  const raws = splitRaw(source.text);
  if ('badSeparatorAt' in raws) return source.text;
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of raws) {
    const text = source.text.slice(start, end);
    const kept = findOriginal(text, packing);
    const original = kept?.original;
    const restored = original === undefined ? restore(structs, text) : undefined;
    const head = kept === undefined ? restored?.head : text.slice(0, kept.start);
    const body = original ?? restored?.body;
    if (body === undefined || head === undefined) continue;
    parts.push(source.text.slice(at, start), head, body);
    at = end;
  }
  parts.push(source.text.slice(at));
  return parts.join('');
};

/** The lines before the object, and the object as it was as far as its annotations tell. */
const restore = (structs: GoStructs, text: string): { readonly head: string; readonly body: string } | undefined => {
  const value = loadYaml({ name: 'document', text }).documents[0]?.value;
  const object = uninjectObject(structs, value);
  if (object === undefined || !isObject(value)) return undefined;
  return { head: text.slice(0, positionOf(value)?.start ?? 0), body: printGoYaml(object) };
};

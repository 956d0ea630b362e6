import { isObject } from '../model/value.ts';
import type { LoadedDocument } from '../yaml/load.ts';
import type { NamespaceMeta } from './rules.ts';
import { isList } from './workload.ts';

const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).map(([key, text]) => [key, String(text)]));

/** The Namespace objects of documents by name, those in Lists too; of two with one name the later. */
export const namespacesOf = (documents: readonly LoadedDocument[]): ReadonlyMap<string, NamespaceMeta> => {
  const found = new Map<string, NamespaceMeta>();
  const visit = (object: unknown): void => {
    if (!isObject(object)) return;
    const { items, metadata } = object;
    if (isList(object) && Array.isArray(items)) for (const item of items) visit(item);
    if (object['apiVersion'] !== 'v1' || object['kind'] !== 'Namespace' || !isObject(metadata)) return;
    found.set(String(metadata['name']), {
      labels: textsOf(metadata['labels']),
      annotations: textsOf(metadata['annotations']),
    });
  };
  for (const { value } of documents) visit(value);
  return found;
};

import type { KubernetesObject } from '../../model/resource.ts';
import { removeEntry } from '../../yaml/edit.ts';
import type { Edit } from '../finding.ts';

/** Takes an annotation out, and all of them with the last; undefined where that cannot be done in the text. */
export const removeAnnotation = ({ metadata }: KubernetesObject, name: string): Edit | undefined => {
  const { annotations = {} } = metadata;
  return Object.keys(annotations).length === 1 ? removeEntry(metadata, 'annotations') : removeEntry(annotations, name);
};

import type { Resource } from '../../model/resource.ts';
import { spanOf } from '../../yaml/located.ts';

/** Whether the object stands in the input; what Istio's controllers would add to it (gateway Deployments) does not. */
export const isWritten = (resource: Resource): boolean => spanOf(resource.object) !== undefined;

/** Whether the object belongs to an installation of Istio, by the labels Istio's charts give: nobody's to mend. */
export const isControlPlane = ({ labels }: Resource): boolean =>
  Object.hasOwn(labels, 'istio') || labels['release'] === 'istio';

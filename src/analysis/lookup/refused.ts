import type { Resource } from '../../model/resource.ts';
import { reviewResource } from '../validate/kinds.ts';

/** Whether Istio's admission webhook refuses the object, so that it does nothing to others. */
export const isRefused = (resource: Resource): boolean =>
  reviewResource(resource).some(({ kind }) => kind === 'refusal');

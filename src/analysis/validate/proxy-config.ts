import type { Resource } from '../../model/resource.ts';
import type { ProxyConfig } from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { reviewSelector } from './selection.ts';

export const reviewProxyConfig = (resource: Resource<ProxyConfig>, review: Review): void => {
  const spec = resource.object.spec ?? {};
  reviewSelector(spec.selector, review);
  if ((spec.concurrency ?? 0) < 0) review.refuse('concurrency cannot be negative', [spec, 'concurrency']);
};

import type { Resource } from '../../model/resource.ts';
import type { PeerAuthentication } from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { reviewSelector } from './selection.ts';
import { isPort } from './text-rules.ts';

export const reviewPeerAuthentication = (resource: Resource<PeerAuthentication>, review: Review): void => {
  const { portLevelMtls, selector } = resource.object.spec ?? {};
  const ports = Object.keys(portLevelMtls ?? {});
  if (portLevelMtls !== undefined && ports.length > 0 && Object.keys(selector?.matchLabels ?? {}).length === 0) {
    const hint = 'select the workloads whose ports are meant';
    review.refuse('portLevelMtls needs a selector', [resource.object.spec ?? {}, 'portLevelMtls', 'key'], hint);
  }
  for (const port of ports) {
    const at = [portLevelMtls ?? {}, port, 'key'] as const;
    if (!isPort(Number(port))) review.refuse(`port ${port} is not from 1 to 65535`, at);
  }
  reviewSelector(selector, review);
};

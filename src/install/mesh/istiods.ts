import type { ManifestObject } from '../manifest/object.ts';
import { labelOf } from '../owner/ownership.ts';
import { read } from '../values/path.ts';
import { containerImage, imageTag } from './proxies.ts';

/** A control plane, as its Deployment says. */
export interface Istiod {
  readonly namespace: string;
  readonly name: string;
  readonly revision: string;
  /** Tag of its image; the empty text where it has none. */
  readonly version: string;
}

/** The control planes among Deployments. */
export const istiodsIn = (deployments: readonly ManifestObject[]): readonly Istiod[] =>
  deployments
    .filter((deployment) => labelOf(deployment, 'app') === 'istiod')
    .map((deployment) => ({
      namespace: deployment.namespace,
      name: deployment.name,
      revision: labelOf(deployment, 'istio.io/rev') || 'default',
      version: imageTag(containerImage(read(deployment.value, 'spec.template.spec'), 'discovery')),
    }));

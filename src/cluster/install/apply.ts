import { Fault } from '../../base/fault.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import type { Cluster } from '../cluster.ts';
import { fromKubernetes, toKubernetes } from './objects.ts';

/** Who installers of Istio are to an API server: istioctl's name, so that each takes over what the other has written. */
export const FIELD_MANAGER = 'istio-operator';

const ATTEMPTS = 4;

/** Applies an object over whatever others wrote, or asks what that would give; again where somebody was faster. */
export const applyObject = async (
  cluster: Cluster,
  object: ManifestObject,
  isDryRun: boolean,
): Promise<ManifestObject> => {
  const options = { fieldManager: FIELD_MANAGER, force: true, isDryRun };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return fromKubernetes(await cluster.apply(toKubernetes(object), options));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'CONFLICT' || attempt === ATTEMPTS) throw error;
    }
  }
};

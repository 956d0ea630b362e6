import { Fault } from '../../base/fault.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { read } from '../../install/values/path.ts';
import type { Cluster } from '../cluster.ts';
import { waitUntilGone } from './gone.ts';
import { fromKubernetes, toKubernetes } from './objects.ts';

/** Who installers of Istio are to an API server: istioctl's name, so that each takes over what the other has written. */
export const FIELD_MANAGER = 'istio-operator';

const ATTEMPTS = 4;
const GONE_TIMEOUT_MS = 60_000;

/** Whether an object is on its way out: whatever is applied to it goes with it. */
export const isGoing = ({ value }: ManifestObject): boolean => read(value, 'metadata.deletionTimestamp') !== undefined;

/**
 * Applies an object over whatever others wrote; again where somebody was faster, and where an older object of its name had
 * to go first.
 */
export const applyObject = async (cluster: Cluster, object: ManifestObject): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const applied = await writeObject(cluster, object, false);
      if (!isGoing(applied)) return;
      if (await waitUntilGone(cluster, [object], GONE_TIMEOUT_MS)) continue;
      throw new Fault(`${object.kind} ${object.name} is being deleted and does not go`, {
        kind: 'timeout',
        code: 'NOT_GONE',
        hint: 'see which finalizer keeps it: kubectl get -o yaml shows metadata.finalizers',
      });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'CONFLICT' || attempt >= ATTEMPTS) throw error;
    }
  }
};

/** What applying an object would give. */
export const tryObject = (cluster: Cluster, object: ManifestObject): Promise<ManifestObject> =>
  writeObject(cluster, object, true);

const writeObject = async (cluster: Cluster, object: ManifestObject, isDryRun: boolean): Promise<ManifestObject> =>
  fromKubernetes(await cluster.apply(toKubernetes(object), { fieldManager: FIELD_MANAGER, force: true, isDryRun }));

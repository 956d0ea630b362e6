import { type ManifestObject, manifestObject } from '../../install/manifest/object.ts';
import { isObject } from '../../model/value.ts';
import type { KubernetesObject, ObjectRef } from '../cluster.ts';

/** An object of a manifest as the API server takes it. */
export const toKubernetes = ({ apiVersion, kind, name, value }: ManifestObject): KubernetesObject => ({
  ...value,
  apiVersion,
  kind,
  metadata: { ...(isObject(value['metadata']) && value['metadata']), name },
});

/** An object of the API server as manifests have it. */
export const fromKubernetes = (object: KubernetesObject): ManifestObject => manifestObject({ ...object });

/** Which object of the API server one of a manifest is. */
export const refOf = ({ apiVersion, kind, namespace, name }: ManifestObject): ObjectRef => ({
  apiVersion,
  kind,
  name,
  ...(namespace !== '' && { namespace }),
});

import { type Kind, splitApiVersion } from './kinds.ts';
import type { Schema } from './schema/schema.ts';

const STRINGS: Schema = { type: 'object', values: { type: 'string' } };

/** What every object's `metadata` may hold; the server writes the fields that are only named here. */
export const METADATA_SCHEMA: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    generateName: { type: 'string' },
    labels: STRINGS,
    annotations: STRINGS,
    ownerReferences: { type: 'array', items: { type: 'object', open: true, required: ['kind', 'name'] } },
    creationTimestamp: { type: 'string' },
    deletionGracePeriodSeconds: { type: 'integer' },
    deletionTimestamp: { type: 'string' },
    finalizers: { type: 'array', items: { type: 'string' } },
    generation: { type: 'integer' },
    managedFields: { type: 'array', items: { type: 'object', open: true } },
    resourceVersion: { type: 'string' },
    selfLink: { type: 'string' },
    uid: { type: 'string' },
  },
};

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** Why the API server would refuse this name for this kind, as the end of a sentence; undefined when it would not. */
export const refuseName = (kind: Kind, name: string): string | undefined => {
  if (kind.group === 'rbac.authorization.k8s.io') {
    return name === '.' || name === '..' || /[/%]/.test(name)
      ? 'must not be "." or ".." nor hold "/" or "%"'
      : undefined;
  }
  if (kind.name === 'Service') {
    return name.length <= 63 && LABEL_1035.test(name)
      ? undefined
      : 'must be at most 63 of a-z, 0-9 and "-", begin with a letter and not end with "-"';
  }
  if (kind.name === 'Namespace') return refuseNamespace(name);
  return name.length <= 253 && SUBDOMAIN.test(name)
    ? undefined
    : 'must be at most 253 of a-z, 0-9, "-" and ".", and begin and end with a letter or digit';
};

/** Why this cannot be a namespace's name (RFC 1123 label), as the end of a sentence. */
export const refuseNamespace = (name: string): string | undefined =>
  name.length <= 63 && LABEL.test(name)
    ? undefined
    : 'must be at most 63 of a-z, 0-9 and "-", and begin and end with a letter or digit';

/** Why the API server would refuse a label, as the end of a sentence. */
export const refuseLabel = (key: string, value: string): string | undefined => {
  const slash = key.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (
    name.length > 63 ||
    !QUALIFIED.test(name) ||
    (prefix !== undefined && (prefix.length > 253 || !SUBDOMAIN.test(prefix)))
  ) {
    return 'has a key that is no qualified name such as "app" or "example.com/app"';
  }
  return value === '' || (value.length <= 63 && QUALIFIED.test(value))
    ? undefined
    : 'must have a value of at most 63 letters, digits, "-", "_" or ".", beginning and ending with a letter or digit';
};

/** `networking.istio.io/v1, networking.istio.io/v1beta1 or ...` */
export const servedVersions = (kind: Kind): readonly string[] =>
  kind.versions.map((version) => (kind.group === '' ? version : `${kind.group}/${version}`));

/** Key of a kind's schema in its set. */
export const schemaKey = (apiVersion: string, kind: string): string => {
  const { group, version } = splitApiVersion(apiVersion);
  return `${group}/${version}/${kind}`;
};

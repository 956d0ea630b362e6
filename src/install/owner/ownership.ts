import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { COMPONENTS } from '../operator/components.ts';
import { read } from '../values/path.ts';

/** Labels by which an installer finds its objects again; istioctl puts and reads the same ones. */
export const OWNER_LABELS = {
  managed: 'operator.istio.io/managed',
  component: 'operator.istio.io/component',
  version: 'operator.istio.io/version',
  revision: 'istio.io/rev',
  name: 'install.operator.istio.io/owning-resource',
  namespace: 'install.operator.istio.io/owning-resource-namespace',
  notPruned: 'install.operator.istio.io/owning-resource-not-pruned',
} as const;

/** The release of Istio that heddle installs; its own charts are of this one. Installers prune by it. */
export const RELEASE = '1.31.1';

/** What tells the objects of one installation from those of others. */
export interface Ownership {
  /** `default` where the operator names none. */
  readonly revision: string;
  /** Of whatever installs: a release of Istio. */
  readonly version: string;
  /** Of the IstioOperator; the empty text where it has none. */
  readonly name: string;
  readonly namespace: string;
}

/** A label as text; the empty text where the object does not carry it. */
export const labelOf = ({ value }: ManifestObject, label: string): string => {
  const found = read(value, 'metadata.labels');
  const text = isObject(found) ? found[label] : undefined;
  return typeof text === 'string' ? text : '';
};

const textAt = (operator: Plain, path: string): string => {
  const value = read(operator, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

/** Who owns what an effective operator installs. */
export const ownershipOf = (operator: Plain): Ownership => ({
  revision: textAt(operator, 'spec.values.revision') || 'default',
  version: RELEASE,
  name: textAt(operator, 'metadata.name'),
  namespace: textAt(operator, 'metadata.namespace'),
});

/** A component as the owner label calls it: `IngressGateways`. */
const componentLabel = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The component (`ingressGateways`) that an owner label names; undefined for one that is not Istio's. */
export const labelledComponent = (object: ManifestObject): string | undefined => {
  const label = labelOf(object, OWNER_LABELS.component);
  return COMPONENTS.find(({ name }) => componentLabel(name) === label)?.name;
};

/** The labels that every object of a component carries. */
export const ownerLabels = (
  { revision, version, name, namespace }: Ownership,
  component: string,
): Readonly<Record<string, string>> => ({
  [OWNER_LABELS.managed]: 'Reconcile',
  [OWNER_LABELS.component]: componentLabel(component),
  ...(version !== '' && { [OWNER_LABELS.version]: version }),
  [OWNER_LABELS.revision]: revision,
  ...(name !== '' && { [OWNER_LABELS.name]: name }),
  ...(namespace !== '' && { [OWNER_LABELS.namespace]: namespace }),
});

/** The object with labels over its own. */
export const withLabels = (object: ManifestObject, labels: Readonly<Record<string, string>>): ManifestObject => {
  const metadata = read(object.value, 'metadata');
  const own = read(metadata, 'labels');
  return manifestObject({
    ...object.value,
    metadata: { ...(isObject(metadata) && metadata), labels: { ...(isObject(own) && own), ...labels } },
  });
};

import type { Kind, ServedKind } from './cluster.ts';

/** `/api/v1`, `/apis/apps/v1`. */
export const versionPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** The path of a kind's collection: of one namespace, or of all where none is given. */
export const collectionPath = (kind: ServedKind, namespace: string | undefined): string => {
  const within = kind.isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${versionPath(kind.apiVersion)}${within}/${kind.resource}`;
};

/** `deployments.apps`, `pods`: a kind as access rules and kubectl name it. */
const resourceName = ({ apiVersion, resource }: ServedKind): string => {
  const [group, version] = apiVersion.split('/');
  return version === undefined ? resource : `${resource}.${group}`;
};

/** What a call is about, for people: `deployments.apps "istiod" in namespace "istio-system"`. */
export const subjectOf = (kind: ServedKind, name: string | undefined, namespace: string | undefined): string =>
  [
    resourceName(kind),
    ...(name === undefined ? [] : [`"${name}"`]),
    ...(kind.isNamespaced && namespace !== undefined ? [`in namespace "${namespace}"`] : []),
  ].join(' ');

/** `Deployment.apps/v1`: a kind that may not be served, for people. */
export const kindName = ({ apiVersion, kind }: Kind): string => `${kind}.${apiVersion}`;

import type { ManifestObject } from '../../src/install/manifest/object.ts';
import { isObject } from '../../src/model/value.ts';
import { loadYaml } from '../../src/yaml/load.ts';

/** What may differ from Istio's charts, by kind and path, and why. */
const ACCEPTED: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^CustomResourceDefinition /, "they are istio.io/api's of the release, others those of its main branch"],
  [/labels\.(app\.kubernetes\.io\/version|helm\.sh\/chart)$/, 'the charts have their own version and names'],
  [/^ConfigMap values\S* \.metadata\.annotations\.kubernetes\.io\/description$/, 'prose'],
  [/^ConfigMap values\S* \.data\./, 'values as a person would read them: the defaults are arranged in other files'],
  [
    /^ConfigMap istio-sidecar-injector\S* \.data\.config\.templates\./,
    'texts of their own, compared by what they inject and deploy',
  ],
  [/^ConfigMap istio-sidecar-injector\S* \.data\.config\.injectedAnnotations$/, 'an empty map instead of null'],
  // Only an empty map is a leaf.
  [/\.metadata\.annotations$/, 'no annotations instead of an empty map'],
  [
    /^NetworkPolicy rel \.metadata\.labels\.app\.kubernetes\.io\/(instance|managed-by|part-of)$/,
    'labels that all other objects of the gateway chart have',
  ],
];

/** Texts that are YAML or JSON documents themselves are compared as such. */
const DOCUMENTS = /\.data\.(mesh|meshNetworks|config|values|merged-values|original-values)$/;

const collect = (value: unknown, path: string, into: Map<string, unknown>): void => {
  if (typeof value === 'string' && DOCUMENTS.test(path)) {
    collect(loadYaml({ name: path, text: value }).documents[0]?.value, path, into);
  } else if (Array.isArray(value)) {
    value.forEach((each, index) => {
      collect(each, `${path}[${index}]`, into);
    });
    if (value.length === 0) into.set(path, '[]');
  } else if (isObject(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
    for (const [key, each] of entries) collect(each, `${path}.${key}`, into);
    if (Object.keys(value).length === 0) into.set(path, '{}');
  } else into.set(path, value);
};

const leavesOf = (objects: readonly ManifestObject[]): ReadonlyMap<string, unknown> => {
  const all = new Map<string, unknown>();
  for (const { kind, name, value } of objects) {
    if (kind !== 'CustomResourceDefinition') collect(value, `${kind} ${name} `, all);
  }
  return all;
};

/** Where objects differ, leaf by leaf: `Deployment istiod .spec.replicas: THEIRS | OURS`. */
export const differences = (
  theirs: readonly ManifestObject[],
  ours: readonly ManifestObject[],
  isAccepted: (path: string, value: unknown) => boolean = () => false,
): readonly string[] => {
  const [left, right] = [leavesOf(theirs), leavesOf(ours)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => !Object.is(left.get(path), right.get(path)))
    .filter((path) => !ACCEPTED.some(([pattern]) => pattern.test(path)) && !isAccepted(path, left.get(path)))
    .map((path) => `${path}: ${String(left.get(path))} | ${String(right.get(path))}`);
};

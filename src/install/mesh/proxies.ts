import { isObject } from '../../model/value.ts';
import type { ManifestObject } from '../manifest/object.ts';
import { read } from '../values/path.ts';

/** A pod with an Envoy of Istio's in it. */
export interface ProxyPod {
  readonly namespace: string;
  readonly name: string;
  /** Of the control plane that injected it. */
  readonly revision: string;
  /** Tag of the proxy's image; the empty text where it has none. */
  readonly version: string;
  /** Part of an installation: a gateway that comes and goes with it. */
  readonly isInstalled: boolean;
}

const listAt = (value: unknown, path: string): readonly unknown[] => {
  const list = read(value, path);
  return Array.isArray(list) ? list : [];
};

const mapAt = (value: unknown, path: string): Readonly<Record<string, unknown>> => {
  const map = read(value, path);
  return isObject(map) ? map : {};
};

/** The tag of an image reference; the empty text where it names none, or a digest. */
export const imageTag = (image: string): string => /:([\w][\w.-]*)$/.exec(image.replace(/@.*$/, ''))?.[1] ?? '';

/** The image of a container of a pod or pod template; native sidecars are init containers. */
export const containerImage = (spec: unknown, name: string): string => {
  const found = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')].find(
    (each) => isObject(each) && each['name'] === name,
  );
  const image = read(found, 'image');
  return typeof image === 'string' ? image : '';
};

/** What the injector wrote of itself on a pod; undefined for a pod that it did not touch. */
const injectedRevision = (pod: ManifestObject): string | undefined => {
  const status = mapAt(pod.value, 'metadata.annotations')['sidecar.istio.io/status'];
  if (typeof status !== 'string') return undefined;
  const [, revision] = /"revision":\s*"([^"]*)"/.exec(status) ?? [];
  return revision ?? 'default';
};

/** The proxies among the pods of a cluster; pods that are over are left aside. */
export const proxyPods = (pods: readonly ManifestObject[]): readonly ProxyPod[] =>
  pods.flatMap((pod) => {
    const revision = injectedRevision(pod);
    const phase = read(pod.value, 'status.phase');
    if (revision === undefined || phase === 'Succeeded' || phase === 'Failed') return [];
    const labels = mapAt(pod.value, 'metadata.labels');
    const image = containerImage(read(pod.value, 'spec'), 'istio-proxy');
    return [
      {
        namespace: pod.namespace,
        name: pod.name,
        revision,
        version: imageTag(image),
        isInstalled: labels['operator.istio.io/component'] !== undefined,
      },
    ];
  });

/** `3 in "shop", 1 in "web"`, the most first. */
export const byNamespace = (pods: readonly { readonly namespace: string }[]): string => {
  const counts = new Map<string, number>();
  for (const { namespace } of pods) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([namespace, count]) => `${count} in "${namespace}"`)
    .join(', ');
};

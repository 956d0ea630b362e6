import type { Mesh } from '../../../model/mesh.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { Namespace, Pod } from '../../../model/schema/generated/types-kubernetes.ts';
import { removeEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { Finding, SecondaryLabel } from '../../finding.ts';
import { injectorConfigName, isEnabledByDefault } from '../../lookup/injector.ts';
import { proxyContainer } from '../../lookup/pod-template.ts';
import { offerFix } from '../../offer-fix.ts';

const INJECTION = 'istio-injection';
const REVISION = 'istio.io/rev';
const DATAPLANE_MODE = 'istio.io/dataplane-mode';
const INJECT = 'sidecar.istio.io/inject';

/** The control plane's own, and those Kubernetes runs itself in: never injected. */
const EXEMPT: ReadonlySet<string> = new Set(['istio-system', 'kube-node-lease', 'kube-public', 'kube-system']);

const labelPlaces = ({ object }: Resource<Namespace>, keys: readonly string[]): readonly SecondaryLabel[] => {
  const { labels } = object.metadata;
  return keys.flatMap((key) => {
    const span = labels === undefined ? undefined : spanOf(labels, key, 'key');
    return span === undefined ? [] : [{ span, text: `${key}=${labels?.[key]}` }];
  });
};

function* findContradiction(namespace: Resource<Namespace>): Iterable<Finding> {
  const { labels, name, object } = namespace;
  const injection = labels[INJECTION];
  // Whoever says "disabled" means it, whatever else is there.
  const others = injection === undefined || injection === 'enabled' ? [REVISION, DATAPLANE_MODE] : [];
  const keys = [...(injection === undefined ? [] : [INJECTION]), ...others.filter((key) => Object.hasOwn(labels, key))];
  if (keys.length < 2) return;
  const values = { namespace: name, labels: keys.map((key) => `${key}=${labels[key]}`).join(', ') };
  yield finding('IST0123', namespace, values, {
    labels: labelPlaces(namespace, keys),
    ...(injection !== undefined && { effect: `${INJECTION} decides: the other labels do not choose the sidecar` }),
    hint: 'keep one of the labels',
    ...(injection !== undefined &&
      offerFix(
        `remove ${others.join(' and ')}`,
        'unsafe',
        others.flatMap((key) => (Object.hasOwn(labels, key) ? [removeEntry(object.metadata.labels ?? {}, key)] : [])),
      )),
  });
}

function* findUndecided(namespace: Resource<Namespace>, isDefault: boolean): Iterable<Finding> {
  const { labels, name } = namespace;
  const isDecided = (labels[INJECTION] ?? '') !== '' || Object.hasOwn(labels, REVISION);
  if (labels[DATAPLANE_MODE] === 'ambient' || isDecided) return;
  if (isDefault) {
    yield finding(
      'IST0148',
      namespace,
      { namespace: name },
      {
        effect: 'its pods get a sidecar',
        hint: `label it ${INJECTION}=disabled if they should not`,
      },
    );
    return;
  }
  yield finding(
    'IST0102',
    namespace,
    { namespace: name },
    {
      in: namespace.object.metadata,
      key: 'name',
      effect: 'its pods get no sidecar unless they ask for one themselves',
      hint: `label it ${INJECTION}=enabled or ${INJECTION}=disabled`,
    },
  );
}

const isExcused = ({ object, labels, annotations }: Resource<Pod>): boolean =>
  (labels[INJECT] ?? annotations[INJECT] ?? '').toLowerCase() === 'false' || object.spec?.hostNetwork === true;

function* findMissingProxies(mesh: Mesh): Iterable<Finding> {
  for (const pod of mesh.of('Pod')) {
    const labels = mesh.namespaceLabels(pod.namespace);
    if (labels[INJECTION] !== 'enabled' || labels[DATAPLANE_MODE] === 'ambient' || EXEMPT.has(pod.namespace)) continue;
    if (isExcused(pod) || (proxyContainer(pod.object.spec)?.image ?? '') !== '') continue;
    const namespace = mesh.find('Namespace', '', pod.namespace);
    yield finding(
      'IST0103',
      pod,
      { workload: resourceId(pod) },
      {
        labels: namespace === undefined ? [] : labelPlaces(namespace, [INJECTION]),
        effect: 'its traffic has no mutual TLS, and peers in STRICT mode refuse it',
        hint: 'create the pod again, so that the injector sees it',
      },
    );
  }
}

/** Istio's `injection.Analyzer`: pods are only those of the input, for derived ones are injected where they should be. */
export const injection = defineCheck({
  name: 'injection.Analyzer',
  summary: 'Namespaces without or with contradicting injection labels, and pods that lack a sidecar.',
  emits: ['IST0102', 'IST0103', 'IST0123', 'IST0148'],
  *run({ mesh }) {
    const configs = new Map(mesh.of('ConfigMap').map((config) => [config.name, config]));
    for (const namespace of mesh.of('Namespace')) {
      if (EXEMPT.has(namespace.name)) continue;
      const config = configs.get(injectorConfigName(namespace.labels[REVISION] ?? ''));
      yield* findContradiction(namespace);
      yield* findUndecided(namespace, config !== undefined && isEnabledByDefault(config));
    }
    yield* findMissingProxies(mesh);
  },
});

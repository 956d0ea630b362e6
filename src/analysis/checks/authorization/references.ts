import { suggest } from '../../../base/distance.ts';
import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type { AuthorizationPolicy } from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { hasSidecar, isAmbient } from '../../lookup/in-mesh.ts';
import { isMistyped } from '../../lookup/mistyped.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { indexPods, type PodIndex, selectorText } from '../../lookup/pods.ts';
import { offerFix } from '../../offer-fix.ts';

/** In every cluster, or in every one with Istio. */
const ALWAYS_THERE: readonly string[] = ['default', 'istio-system', 'kube-system'];

const NO_EFFECT = 'the policy neither allows nor denies anything';

/** A `*` stands at the beginning or at the end; whole names are compared without regard to case, as Istio does. */
const isNamespaceMatch = (pattern: string, name: string): boolean => {
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1));
  return pattern.toLowerCase() === name;
};

interface Answer {
  readonly isKnown: boolean;
  /** The namespace that was meant, where one is near. */
  readonly near: string | undefined;
}

/** Looks patterns up among the namespaces a cluster would have: those of the input and those its objects are in. */
const indexNamespaces = (mesh: Mesh): ((pattern: string) => Answer) => {
  const names = new Set([...ALWAYS_THERE, ...mesh.of('Namespace').map(({ name }) => name)]);
  for (const { namespace } of mesh.resources) if (namespace !== '') names.add(namespace);
  const answers = new Map<string, Answer>();
  return (pattern) => {
    const remembered = answers.get(pattern);
    if (remembered !== undefined) return remembered;
    const isKnown = names.has(pattern) || [...names].some((name) => isNamespaceMatch(pattern, name));
    const answer: Answer = { isKnown, near: isKnown ? undefined : suggest(pattern, names) };
    answers.set(pattern, answer);
    return answer;
  };
};

const podsOfMesh = ({ mesh, pods }: AnalysisInput): PodIndex =>
  indexPods(
    pods.filter(
      (pod) => pod.replica === 0 && (hasSidecar(podTemplateOf(pod.owner), pod.namespace, mesh) || isAmbient(pod, mesh)),
    ),
  );

/** Waypoints are not deployed by the model, but a cluster has a pod for each. */
const hasWaypoint = (mesh: Mesh, namespace: string | undefined, labels: Readonly<Record<string, string>>): boolean =>
  mesh.of('KubernetesGateway').some(
    (gateway) =>
      gateway.object.spec.gatewayClassName === 'istio-waypoint' &&
      (namespace === undefined || namespace === gateway.namespace) &&
      matchesLabels(labels, {
        ...gateway.object.spec.infrastructure?.labels,
        'gateway.networking.k8s.io/gateway-name': gateway.name,
      }),
  );

function* findUnselected(resource: Resource<AuthorizationPolicy>, mesh: Mesh, pods: PodIndex): Iterable<Finding> {
  const { spec } = resource.object;
  const labels = spec?.selector?.matchLabels ?? {};
  const isMeshWide = resource.namespace === mesh.config.rootNamespace;
  if (isMeshWide && spec?.selector === undefined) return;
  const namespace = isMeshWide ? undefined : resource.namespace;
  if (pods.selectsAny(labels, namespace) || hasWaypoint(mesh, namespace, labels)) return;
  const where = isMeshWide ? '' : ` in namespace ${resource.namespace}`;
  const text = selectorText(labels);
  const selection = text === '' ? `runs${where}` : `has labels ${text}${where}`;
  const span = spec?.selector === undefined ? undefined : spanOf(spec, 'selector', 'key');
  yield finding(
    'IST0127',
    resource,
    { selection },
    {
      labels: span === undefined ? [] : [{ span, text: 'selects no workload of the mesh' }],
      effect: NO_EFFECT,
    },
  );
}

// Each entry is named where it stands; for those of notNamespaces Istio's tools name the entry of namespaces with the
// same number, or the whole policy.
function* findUnknownNamespaces(
  resource: Resource<AuthorizationPolicy>,
  lookUp: (pattern: string) => Answer,
): Iterable<Finding> {
  const sources = (resource.object.spec?.rules ?? []).flatMap(({ from }) => (from ?? []).map(({ source }) => source));
  for (const source of sources) {
    for (const list of [source?.namespaces ?? [], source?.notNamespaces ?? []]) {
      for (const [key, name] of list.entries()) {
        const { isKnown, near } = lookUp(name);
        if (isKnown) continue;
        yield finding(
          'IST0101',
          resource,
          { kind: 'namespace', name },
          {
            in: list,
            key,
            ...(near !== undefined && {
              hint: `write "${near}"`,
              ...(isMistyped(name, near) && offerFix(`write "${near}"`, 'unsafe', [setText(list, key, near)])),
            }),
            effect:
              list === source?.namespaces
                ? 'no request comes from this namespace'
                : 'the exclusion excludes nothing: requests of every other namespace match',
          },
        );
      }
    }
  }
}

/** Istio's `auth.AuthorizationPoliciesAnalyzer`. */
export const authorizationReferences = defineCheck({
  name: 'auth.AuthorizationPoliciesAnalyzer',
  summary: 'AuthorizationPolicies that select no workload or name namespaces that do not exist.',
  emits: ['IST0101', 'IST0127'],
  *run(input) {
    const policies = input.mesh.of('AuthorizationPolicy');
    if (policies.length === 0) return;
    const pods = podsOfMesh(input);
    const namespaces = indexNamespaces(input.mesh);
    for (const resource of policies) {
      yield* findUnselected(resource, input.mesh, pods);
      yield* findUnknownNamespaces(resource, namespaces);
    }
  },
});

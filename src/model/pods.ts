import type { Problem } from '../base/problem.ts';
import { spanOf } from '../yaml/located.ts';
import { splitApiVersion } from './kinds.ts';
import type { Mesh } from './mesh.ts';
import type { Pod, PodContainer, ProxyMode, SidecarDecision } from './pod.ts';
import { containerEnv, type PodFacts } from './pod-env.ts';
import { type KubernetesObject, type Resource, resourceId } from './resource.ts';
import type {
  Container,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  Node,
  Pod as PodObject,
  PodSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from './schema/generated/types-kubernetes.ts';
import { matchesLabels, matchesSelector, type Selector } from './selector.ts';
import { decideInjection } from './sidecar.ts';

type Labels = Readonly<Record<string, string>>;

/** A pod template, how often it runs, and what it must match. */
interface Blueprint {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: PodSpec | undefined;
  /** Node of each replica; undefined where the scheduler would choose. */
  readonly nodes: readonly (string | undefined)[];
  readonly selector: Selector | undefined;
  /** The pod is there already, with what it has. */
  readonly isRunning?: boolean;
}

interface PodOptions {
  /** Count a Pod object without spec too, as one without containers: it has labels and can be selected. */
  readonly withoutSpec?: boolean;
  /** Objects of a running cluster: its Pods are all there are, and its workloads make no others. */
  readonly isRunning?: (resource: Resource) => boolean;
}

const EMPTY_SPEC: PodSpec = { containers: [] };

/**
 * The pods that the cluster's controllers would create, replicas one after another in document order. Objects whose
 * owner is in the input too are counted once, through the owner; running ones through their Pods, unless the input has
 * the owner anew.
 */
export const derivePods = (
  mesh: Mesh,
  { withoutSpec = false, isRunning = () => false }: PodOptions = {},
): { readonly pods: readonly Pod[]; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const pods: Pod[] = [];
  const taken = new Set<string>();
  const owners = mesh.resources.filter((resource) => resource.kind === 'Pod' || !isRunning(resource));
  const workloads = new Set(owners.map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`));
  for (const resource of owners) {
    const blueprint = isOwned(resource, workloads) ? undefined : blueprintOf(resource, mesh);
    if (blueprint === undefined) continue;
    const spec = blueprint.spec ?? (withoutSpec && resource.kind === 'Pod' ? EMPTY_SPEC : undefined);
    if (spec === undefined) continue;
    if (!checkBlueprint(blueprint, resource, mesh, problems)) continue;
    const workload = isRunning(resource) ? controllerOf(resource) : resource.name;
    for (const [replica, nodeName] of blueprint.nodes.entries()) {
      const pod = createPod(
        resource,
        { ...blueprint, workload, isRunning: isRunning(resource) },
        spec,
        replica,
        nodeName,
        mesh,
      );
      const identity = `${pod.namespace}/${pod.name}`;
      if (taken.has(identity)) problems.push(nameClash(pod, resource));
      else pods.push(pod);
      taken.add(identity);
    }
  }
  return { pods, problems };
};

const nameClash = (pod: Pod, resource: Resource): Problem => ({
  severity: 'error',
  code: 'POD_NAME_CLASH',
  message: `pod ${pod.namespace}/${pod.name} of ${resourceId(resource)} has the name of another pod`,
  hint: 'rename one of the workloads',
  span: resource.span,
  resource: resourceId(resource),
});

const blueprintOf = (resource: Resource, mesh: Mesh): Blueprint | undefined => {
  switch (`${splitApiVersion(resource.apiVersion).group}/${resource.kind}`) {
    case 'apps/Deployment':
    case 'apps/ReplicaSet':
    case 'apps/StatefulSet': {
      const { spec } = resource.object as Deployment | ReplicaSet | StatefulSet;
      return fromTemplate(spec?.template, times(spec?.replicas ?? 1), spec?.selector);
    }
    case 'apps/DaemonSet': {
      const { spec } = resource.object as DaemonSet;
      return fromTemplate(spec?.template, nodesFor(spec?.template.spec, mesh), spec?.selector);
    }
    case '/ReplicationController': {
      const { spec } = resource.object as ReplicationController;
      const selector = spec?.selector && { matchLabels: spec.selector };
      return fromTemplate(spec?.template, times(spec?.replicas ?? 1), selector);
    }
    case 'batch/Job': {
      const { spec } = resource.object as Job;
      const running = Math.min(spec?.parallelism ?? 1, spec?.completions ?? Number.POSITIVE_INFINITY);
      return fromTemplate(spec?.template, times(spec?.suspend === true ? 0 : running), undefined);
    }
    case 'batch/CronJob': {
      const { spec } = resource.object as CronJob;
      return fromTemplate(spec?.jobTemplate.spec?.template, times(spec?.suspend === true ? 0 : 1), undefined);
    }
    case '/Pod':
      return fromTemplate(
        {
          metadata: resource,
          ...((resource.object as PodObject).spec && { spec: (resource.object as PodObject).spec }),
        },
        times(1),
        undefined,
      );
    default:
      return undefined;
  }
};

interface Template {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: PodSpec | undefined;
}

const fromTemplate = (
  template: Template | undefined,
  nodes: readonly (string | undefined)[],
  selector: Selector | undefined,
): Blueprint => ({
  labels: template?.metadata?.labels ?? {},
  annotations: template?.metadata?.annotations ?? {},
  spec: template?.spec,
  nodes: nodes.map((node) => node ?? template?.spec?.nodeName),
  selector,
});

/** More replicas than any machine could stand for; `derivePods` reports a workload that wants more. */
const MAX_REPLICAS = 1_000;

const times = (count: number): readonly undefined[] =>
  Array.from({ length: Math.min(Math.max(0, count), MAX_REPLICAS + 1) }, () => undefined);

/** A DaemonSet runs on every node its nodeSelector admits; an input without Node objects counts as one node. */
const nodesFor = (spec: PodSpec | undefined, mesh: Mesh): readonly (string | undefined)[] => {
  const nodes = mesh.of('Node');
  if (nodes.length === 0) return [undefined];
  return nodes.filter(({ labels }) => matchesLabels(spec?.nodeSelector ?? {}, labels)).map(({ name }) => name);
};

const OWNER_KINDS = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicationController',
]);

/** Whether the input holds the object that would create this one, a Deployment also through a ReplicaSet it lacks. */
const isOwned = (resource: Resource, workloads: ReadonlySet<string>): boolean => {
  const owners = resource.object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return false;
  const hash = resource.labels['pod-template-hash'];
  return owners.some(({ kind, name }) => {
    if (!OWNER_KINDS.has(kind)) return false;
    if (workloads.has(`${kind}/${resource.namespace}/${name}`)) return true;
    const suffix = `-${hash}`;
    return (
      kind === 'ReplicaSet' &&
      hash !== undefined &&
      name.endsWith(suffix) &&
      workloads.has(`Deployment/${resource.namespace}/${name.slice(0, -suffix.length)}`)
    );
  });
};

/** The workload whose pod a running one is, by Istio's rule: a ReplicaSet of a Deployment has the hash of its template. */
const controllerOf = ({ name, labels, object }: Resource): string => {
  const [owner] = (object.metadata.ownerReferences ?? []).filter(({ kind }) => OWNER_KINDS.has(kind));
  const suffix = `-${labels['pod-template-hash']}`;
  if (owner === undefined) return name;
  return owner.kind === 'ReplicaSet' && owner.name.endsWith(suffix) ? owner.name.slice(0, -suffix.length) : owner.name;
};

const checkBlueprint = (blueprint: Blueprint, resource: Resource, mesh: Mesh, problems: Problem[]): boolean => {
  const { selector, labels, annotations } = blueprint;
  const resourceName = resourceId(resource);
  const span = resource.span;
  if (selector !== undefined && !matchesSelector(selector, labels)) {
    problems.push({
      severity: 'error',
      code: 'SELECTOR_MISMATCH',
      message: `${resourceName}: spec.selector does not match the labels of spec.template`,
      span: selectorSpan(resource.object) ?? span,
      resource: resourceName,
      hint: 'give the template the labels of the selector',
    });
    return false;
  }
  if (blueprint.nodes.length > MAX_REPLICAS) {
    const message = `${resourceName} wants more than ${MAX_REPLICAS} pods`;
    const hint = 'ask for fewer replicas';
    problems.push({ severity: 'error', code: 'TOO_MANY_PODS', message, hint, span, resource: resourceName });
    return false;
  }
  const mode = labels['istio.io/dataplane-mode'] ?? mesh.namespaceLabels(resource.namespace)['istio.io/dataplane-mode'];
  if (mode === 'ambient' && proxyOf(resource, blueprint, mesh).mode === 'none') {
    const message = `${resourceName}: ambient mode is not supported; its pods run without a proxy`;
    problems.push({ severity: 'warning', code: 'UNSUPPORTED_FIELD', message, span, resource: resourceName });
  }
  if (templatesOf(annotations).some((name) => name.startsWith('grpc-'))) {
    const message = `${resourceName}: proxyless gRPC is not supported; its pods run with a sidecar`;
    problems.push({ severity: 'warning', code: 'UNSUPPORTED_FIELD', message, span, resource: resourceName });
  }
  return true;
};

const selectorSpan = (object: KubernetesObject) => {
  const { spec } = object as Deployment;
  return spec === undefined ? undefined : spanOf(spec, 'selector');
};

const templatesOf = (annotations: Labels): readonly string[] =>
  (annotations['inject.istio.io/templates'] ?? '').split(',').map((name) => name.trim());

/** Whether the pod runs a proxy: its own `istio-proxy` container counts before what the injector would add. */
const proxyOf = (
  resource: Resource,
  { labels, annotations, spec, isRunning = false }: Blueprint,
  mesh: Mesh,
): { readonly mode: ProxyMode; readonly decision: SidecarDecision } => {
  const own = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(({ name }) => name === 'istio-proxy');
  if (own?.args?.includes('router') === true) {
    return { mode: 'gateway', decision: { injected: true, reason: 'container istio-proxy is a gateway' } };
  }
  if (
    annotations['sidecar.istio.io/status'] !== undefined ||
    own?.args?.includes('sidecar') === true ||
    (isRunning && own !== undefined)
  ) {
    return { mode: 'sidecar', decision: { injected: true, reason: 'already injected' } };
  }
  if (isRunning) return { mode: 'none', decision: { injected: false, reason: 'the pod runs without a sidecar' } };
  const decision = decideInjection({
    namespace: resource.namespace,
    namespaceLabels: mesh.namespaceLabels(resource.namespace),
    labels,
    annotations,
    hostNetwork: spec?.hostNetwork === true,
  });
  if (!decision.injected) return { mode: 'none', decision };
  return { mode: templatesOf(annotations).includes('gateway') ? 'gateway' : 'sidecar', decision };
};

const createPod = (
  owner: Resource,
  blueprint: Blueprint & { readonly workload: string },
  spec: PodSpec,
  replica: number,
  nodeName: string | undefined,
  mesh: Mesh,
): Pod => {
  const { labels, annotations, workload } = blueprint;
  const { mode, decision } = proxyOf(owner, blueprint, mesh);
  const facts: PodFacts = {
    name: owner.kind === 'Pod' ? owner.name : `${owner.name}-${replica}`,
    namespace: owner.namespace,
    labels,
    annotations,
    serviceAccount: spec.serviceAccountName ?? spec.serviceAccount ?? 'default',
    nodeName,
  };
  return {
    ...facts,
    // An injected proxy is not the user's application; a gateway has nothing else.
    containers: spec.containers
      .filter(({ name }) => mode !== 'sidecar' || name !== 'istio-proxy')
      .map((container) => createContainer(container, facts, mesh)),
    workload,
    workloadKind: owner.kind,
    replica,
    canonicalService:
      labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels['app'] ?? workload,
    canonicalRevision:
      labels['service.istio.io/canonical-revision'] ??
      labels['app.kubernetes.io/version'] ??
      labels['version'] ??
      'latest',
    proxyMode: mode,
    sidecar: decision,
    locality: localityOf(labels, nodeName === undefined ? undefined : mesh.find('Node', '', nodeName)),
    owner,
  };
};

const createContainer = (container: Container, facts: PodFacts, mesh: Mesh): PodContainer => ({
  name: container.name,
  image: container.image ?? '',
  command: container.command ?? [],
  args: container.args ?? [],
  env: containerEnv(container, facts, mesh),
  ports: (container.ports ?? []).map(({ name, containerPort, protocol }) => ({
    name,
    port: containerPort,
    protocol: protocol ?? 'TCP',
  })),
});

/** The label wins over the node; its dots stand for the slashes a label cannot hold. */
const localityOf = (labels: Labels, node: Resource<Node> | undefined): string => {
  const label = labels['topology.istio.io/locality'] ?? labels['istio-locality'];
  if (label !== undefined && label !== '') return label.includes('/') ? label : label.replaceAll('.', '/');
  const parts = [
    node?.labels['topology.kubernetes.io/region'] ?? node?.labels['failure-domain.beta.kubernetes.io/region'],
    node?.labels['topology.kubernetes.io/zone'] ?? node?.labels['failure-domain.beta.kubernetes.io/zone'],
    node?.labels['topology.istio.io/subzone'],
  ];
  return parts
    .map((part) => part ?? '')
    .join('/')
    .replace(/\/+$/, '');
};

import type { Mesh } from '../../../model/mesh.ts';
import { resolveShortName } from '../../../model/names.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type {
  Destination,
  DestinationRule,
  DestinationRuleSubset,
  VirtualService,
  VirtualServiceHttp,
} from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { Finding, SecondaryLabel } from '../../finding.ts';
import { type HostIndex, indexHosts, type KnownHost } from '../../lookup/hosts.ts';
import { indexPods, type PodIndex, selectorText } from '../../lookup/pods.ts';
import { labelOf } from '../../lookup/written-rules.ts';

/** Why a destination has nobody to answer. */
interface Loss {
  readonly why: string;
  /** Istio's analysis reports it at the destination, or at the subset. */
  readonly isTold: boolean;
  readonly labels: readonly SecondaryLabel[];
}

interface DefinedSubset {
  readonly rule: Resource<DestinationRule>;
  readonly subset: DestinationRuleSubset;
}

interface Sources {
  readonly hosts: HostIndex;
  readonly pods: PodIndex;
  /** The subsets of a host, by its full name. */
  readonly subsets: ReadonlyMap<string, readonly DefinedSubset[]>;
  /** Namespaces with workloads that are no pods: a Service selects those as well. */
  readonly withOtherWorkloads: ReadonlySet<string>;
}

const indexSubsets = (mesh: Mesh): Sources['subsets'] => {
  const subsets = new Map<string, DefinedSubset[]>();
  for (const rule of mesh.of('DestinationRule')) {
    const { host = '', subsets: own = [] } = rule.object.spec ?? {};
    const name = resolveShortName(host, rule.namespace);
    const known = subsets.get(name) ?? [];
    subsets.set(name, known);
    for (const subset of own) known.push({ rule, subset });
  }
  return subsets;
};

const readSources = ({ mesh, pods }: AnalysisInput): Sources => ({
  hosts: indexHosts(mesh),
  pods: indexPods(pods),
  subsets: indexSubsets(mesh),
  withOtherWorkloads: new Set(
    [...mesh.of('WorkloadEntry'), ...mesh.of('WorkloadGroup')].map(({ namespace }) => namespace),
  ),
});

/** Labels that Istio adds to endpoints, from their nodes. */
const FROM_NODE = /^(topology\.|kubernetes\.io\/)/;

/** Whether a Service has pods and its subset has none of them; undefined where that can't be known from files. */
const emptySubset = (known: KnownHost, { rule, subset }: DefinedSubset, sources: Sources): Loss | undefined => {
  const [service] = known.services;
  const { selector = {}, type } = service?.object.spec ?? {};
  const wanted = subset.labels ?? {};
  if (service === undefined || known.services.length > 1 || known.serviceEntries.length > 0) return undefined;
  if (Object.keys(selector).length === 0 || type === 'ExternalName') return undefined;
  if (sources.withOtherWorkloads.has(service.namespace) || Object.keys(wanted).some((key) => FROM_NODE.test(key))) {
    return undefined;
  }
  const pods = sources.pods.select(selector, service.namespace);
  if (pods.length === 0 || pods.some(({ labels }) => matchesLabels(wanted, labels))) return undefined;
  const span = spanOf(subset, 'labels') ?? rule.span;
  return {
    why: `subset ${subset.name} has no pod of ${service.name}`,
    isTold: !sources.pods.selectsAny(wanted),
    labels: [{ span, text: `no pod of ${resourceId(service)} has ${selectorText(wanted)}` }],
  };
};

const lossOf = (destination: Destination, resource: Resource<VirtualService>, sources: Sources): Loss | undefined => {
  const { host, port, subset = '' } = destination;
  const known = sources.hosts.find(host, resource.namespace, resource.object.spec?.exportTo);
  const told = (why: string): Loss => ({ why, isTold: true, labels: [] });
  if (known === undefined) return told(`no host ${host}`);
  if (port?.number !== undefined && !known.ports.includes(port.number))
    return told(`${host} has no port ${port.number}`);
  if (subset === '' || known.services.length === 0) return undefined;
  const [defined, ...more] = (sources.subsets.get(known.host) ?? []).filter((one) => one.subset.name === subset);
  if (defined === undefined) return told(`no subset ${subset} of ${host}`);
  return more.length > 0 ? undefined : emptySubset(known, defined, sources);
};

const judge = (
  rule: VirtualServiceHttp,
  label: string,
  resource: Resource<VirtualService>,
  sources: Sources,
): Finding | undefined => {
  const { route = [] } = rule;
  // A lone destination takes all whatever its weight.
  const weightOf = (weight: number | undefined): number => (route.length === 1 ? 1 : (weight ?? 0));
  const total = route.reduce((sum, { weight }) => sum + weightOf(weight), 0);
  const losses = route.flatMap(({ destination, weight }) => {
    const loss = weightOf(weight) > 0 ? lossOf(destination, resource, sources) : undefined;
    return loss === undefined ? [] : [{ ...loss, destination, weight: weightOf(weight) }];
  });
  const lost = losses.reduce((sum, { weight }) => sum + weight, 0);
  // Where all is lost there is no share to tell of, and Istio's own analysis may have said what is missing.
  const told = lost === total && losses.every(({ isTold }) => isTold);
  const [first] = losses;
  if (first === undefined || told) return undefined;
  const share = Math.round((lost / total) * 1000) / 10;
  const others = losses.slice(1).flatMap(({ destination, why }) => {
    const span = spanOf(destination);
    return span === undefined ? [] : [{ span, text: why }];
  });
  const values = { share: String(share), rule: label, reasons: losses.map(({ why }) => why).join(', ') };
  return finding('HED0014', resource, values, {
    in: first.destination,
    key: (first.destination.subset ?? '') === '' ? 'host' : 'subset',
    labels: [...losses.flatMap(({ labels }) => labels), ...others],
    effect: `${share} % of the rule's requests are answered with 503; the share is not given to other destinations`,
    hint: 'give the destination weight 0 until there are pods for it',
  });
};

/** What a weighted rule loses, and subsets that have pods, but none of the Service's. */
export const lostTraffic = defineCheck({
  name: 'heddle.LostTraffic',
  summary: 'HTTP rules that send a share of their requests where nobody answers.',
  emits: ['HED0014'],
  *run(input) {
    const sources = readSources(input);
    for (const resource of input.mesh.of('VirtualService')) {
      for (const [index, rule] of (resource.object.spec?.http ?? []).entries()) {
        const found = judge(rule, labelOf(rule, index), resource, sources);
        if (found !== undefined) yield found;
      }
    }
  },
});

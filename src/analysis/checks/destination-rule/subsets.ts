import type { Pod } from '../../../model/pod.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { SecondaryLabel } from '../../finding.ts';
import { indexHosts, type KnownHost } from '../../lookup/hosts.ts';
import { indexPods, selectorText } from '../../lookup/pods.ts';
import { offerFix } from '../../offer-fix.ts';

type Labels = Readonly<Record<string, string>>;

/** A pod's labels with those Istio adds to its endpoint: the node's name, and region, zone and subzone. */
const endpointLabels = ({ labels, locality, nodeName }: Pod): Labels => {
  const [region = '', zone = '', subzone = ''] = locality.split('/');
  return {
    ...labels,
    ...(region !== '' && { 'topology.kubernetes.io/region': region }),
    ...(zone !== '' && { 'topology.kubernetes.io/zone': zone }),
    ...(subzone !== '' && { 'topology.istio.io/subzone': subzone }),
    ...(nodeName !== undefined && { 'kubernetes.io/hostname': nodeName }),
  };
};

/** Pods as their endpoints are labelled; replicas of known nodes count each, as the node makes them differ. */
const endpointsOf = (pods: readonly Pod[]): readonly Pod[] =>
  pods
    .filter(({ replica, nodeName }) => replica === 0 || nodeName !== undefined)
    .map((pod) => ({ ...pod, labels: endpointLabels(pod), replica: 0 }));

/** The labels a ServiceEntry asks of all its pods; a Service of the same host goes before it and counts as without. */
const hostLabels = ({ services, serviceEntries }: KnownHost): Labels =>
  services.length > 0 ? {} : (serviceEntries.at(-1)?.object.spec.workloadSelector?.labels ?? {});

const labelAt = (container: object, key: string, text: string): readonly SecondaryLabel[] => {
  const span = spanOf(container, key);
  return span === undefined ? [] : [{ span, text }];
};

/**
 * Istio's `destinationrule.SubsetSelectPodAnalyzer`. As there, a pod of any namespace counts whatever Service selects it,
 * and a host with a wildcard is looked up as it is written.
 */
export const destinationRuleSubsets = defineCheck({
  name: 'destinationrule.SubsetSelectPodAnalyzer',
  summary: 'DestinationRules for hosts that nothing defines, or with subsets that select no pod.',
  emits: ['IST0173', 'IST0174'],
  *run({ mesh, pods }) {
    const rules = mesh.of('DestinationRule');
    if (rules.length === 0) return;
    const hosts = indexHosts(mesh);
    const endpoints = indexPods(endpointsOf(pods));
    for (const rule of rules) {
      const { spec } = rule.object;
      if (spec === undefined) continue;
      const known = hosts.find(spec.host, rule.namespace, spec.exportTo);
      if (known === undefined) {
        const hint = hosts.hintFor(spec.host, rule.namespace);
        const near = hosts.correctionOf(spec.host, rule.namespace);
        yield finding(
          'IST0174',
          rule,
          { host: spec.host },
          {
            labels: labelAt(spec, 'host', 'this host'),
            ...(!spec.host.startsWith('*') && { effect: 'no connection ever meets the rule' }),
            ...(hint !== undefined && { hint }),
            ...(near !== undefined && offerFix(`write "${near}"`, 'unsafe', [setText(spec, 'host', near)])),
          },
        );
        continue;
      }
      // Of subsets with one name the last counts.
      for (const subset of new Map((spec.subsets ?? []).map((one) => [one.name, one])).values()) {
        const wanted = { ...hostLabels(known), ...subset.labels };
        if (endpoints.selectsAny(wanted)) continue;
        const text = Object.keys(wanted).length === 0 ? 'there are no pods at all' : `wants ${selectorText(wanted)}`;
        yield finding(
          'IST0173',
          rule,
          { subset: subset.name, host: spec.host },
          {
            labels: labelAt(subset, 'name', text),
            effect: 'requests routed to the subset are answered with 503, there is no endpoint for them',
            hint: "compare the subset's labels with those of the pod templates",
          },
        );
      }
    }
  },
});

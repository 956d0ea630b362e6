import type { Pod } from '../../../model/pod.ts';
import type { Resource } from '../../../model/resource.ts';
import type { ClientTls, DestinationRule } from '../../../model/schema/generated/types-istio.ts';
import type { Service } from '../../../model/schema/generated/types-kubernetes.ts';
import { indexMutualTls, type MutualTls } from '../../../traffic/compile/mutual-tls.ts';
import { Report } from '../../../traffic/compile/report.ts';
import { targetPortOf } from '../../../traffic/compile/services.ts';
import { setText } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import type { Finding } from '../../finding.ts';
import { indexHosts } from '../../lookup/hosts.ts';
import { indexPods } from '../../lookup/pods.ts';
import { podsOfService } from '../../lookup/service-pods.ts';
import { type PolicyPart, policyPartsOf } from '../../lookup/traffic-policies.ts';
import { isWithoutSidecar } from '../../lookup/without-sidecar.ts';
import { offerFix } from '../../offer-fix.ts';

type Rule = Resource<DestinationRule>;

/** A rule's TLS mode with the pods it is for, on the ports of the Service it counts on. */
interface Claim {
  readonly rule: Rule;
  readonly tls: ClientTls;
  readonly pods: readonly Pod[];
  readonly ports: NonNullable<NonNullable<Service['spec']>['ports']>;
}

/** The ports a part of a policy is for: one, or all that have no settings of their own. */
const portsFor = ({ port, subset }: PolicyPart, rule: Rule, service: Resource<Service>): Claim['ports'] => {
  const policy = subset === undefined ? rule.object.spec?.trafficPolicy : subset.trafficPolicy;
  const own = new Set((policy?.portLevelSettings ?? []).map((settings) => settings.port?.number));
  const tcp = (service.object.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  return tcp.filter((candidate) => (port === undefined ? !own.has(candidate.port) : candidate.port === port));
};

const claimsOf = ({ mesh, pods }: AnalysisInput): readonly Claim[] => {
  const hosts = indexHosts(mesh);
  const index = indexPods(pods);
  return mesh.of('DestinationRule').flatMap((rule) => {
    const { host = '', exportTo } = rule.object.spec ?? {};
    const known = hosts.find(host, rule.namespace, exportTo);
    const [service, ...more] = known?.services ?? [];
    if (service === undefined || more.length > 0 || (known?.serviceEntries ?? []).length > 0) return [];
    return policyPartsOf(rule).flatMap((part) => {
      const { tls } = part.settings;
      const selected = tls === undefined ? [] : podsOfService(index, service, part.subset?.labels);
      return tls === undefined || selected.length === 0
        ? []
        : [{ rule, tls, pods: selected, ports: portsFor(part, rule, service) }];
    });
  });
};

function* findRefusedPlaintext({ rule, tls, pods, ports }: Claim, mutualTls: MutualTls): Iterable<Finding> {
  if ((tls.mode ?? 'DISABLE') !== 'DISABLE' || !pods.every(({ proxyMode }) => proxyMode === 'sidecar')) return;
  for (const port of ports) {
    const modes = pods.map((pod) => mutualTls.of(pod, targetPortOf(port, pod) ?? port.port));
    const [first] = modes;
    if (first?.origin === undefined || !modes.every(({ mode }) => mode === 'STRICT')) continue;
    yield finding(
      'HED0057',
      rule,
      { host: rule.object.spec?.host ?? '', port: String(port.port), policy: first.origin.resource },
      {
        in: tls,
        key: 'mode',
        labels: [{ span: first.origin.span, text: 'refuses plaintext' }],
        effect: 'every request under this rule is answered with 503: the connection is closed',
        hint: 'write ISTIO_MUTUAL, or remove tls: the mesh uses mutual TLS by itself',
        ...offerFix('send mutual TLS', 'unsafe', [setText(tls, 'mode', 'ISTIO_MUTUAL')]),
      },
    );
    return;
  }
}

/** Istio's `tls.mode` towards pods whose proxies want something else, or that have none. */
export const destinationRuleMutualTls = defineCheck({
  name: 'heddle.DestinationRuleMutualTls',
  summary: 'DestinationRules that send plaintext to STRICT workloads, or mutual TLS to pods without sidecar.',
  emits: ['HED0057', 'HED0058'],
  *run(input) {
    const { mesh } = input;
    const claims = claimsOf(input);
    if (claims.length === 0) return;
    const mutualTls = indexMutualTls(mesh, mesh.config.rootNamespace, new Report());
    for (const claim of claims) {
      yield* findRefusedPlaintext(claim, mutualTls);
      const { rule, tls, pods, ports } = claim;
      const [pod] = pods;
      if (tls.mode !== 'ISTIO_MUTUAL' || pod === undefined || ports.length === 0) continue;
      if (!pods.every((one) => isWithoutSidecar(one, mesh))) continue;
      const span = spanOf(pod.owner.object.metadata, 'name');
      yield finding(
        'HED0058',
        rule,
        { host: rule.object.spec?.host ?? '', reason: pod.sidecar.reason },
        {
          in: tls,
          key: 'mode',
          labels: span === undefined ? [] : [{ span, text: 'has no sidecar' }],
          effect: 'every request under this rule is answered with 503: nothing there ends mutual TLS',
          hint: 'remove tls: the mesh uses mutual TLS by itself wherever a sidecar takes it',
          ...offerFix('send plaintext', 'unsafe', [setText(tls, 'mode', 'DISABLE')]),
        },
      );
    }
  },
});

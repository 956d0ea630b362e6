import type { Pod } from '../../../model/pod.ts';
import { indexMutualTls } from '../../../traffic/compile/mutual-tls.ts';
import { Report } from '../../../traffic/compile/report.ts';
import type { Origin } from '../../../traffic/tables.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import { indexPods } from '../../lookup/pods.ts';
import { conditionsOf, effectOfMiss, type PolicyCondition } from '../../lookup/policy-lists.ts';
import { indexWorkloadPorts } from '../../lookup/workload-ports.ts';

/** What a proxy learns from the certificate of the caller. */
const IDENTITIES: ReadonlySet<string> = new Set([
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'source.principal',
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
]);

const asksWho = ({ attribute, values }: PolicyCondition): boolean => IDENTITIES.has(attribute) && values.length > 0;

/** Answers the policy that switches mutual TLS off on every port of a pod; undefined where some port may have it. */
const createDisabled = ({ mesh }: AnalysisInput): ((pod: Pod) => Origin | undefined) => {
  const mutualTls = indexMutualTls(mesh, mesh.config.rootNamespace, new Report());
  const portsOf = indexWorkloadPorts(mesh);
  return (pod) => {
    const ports = [...portsOf(pod).map(({ target }) => target), ...mutualTls.namedPorts(pod)];
    // Port 0 stands for those that nothing names.
    const modes = [0, ...ports].map((port) => mutualTls.of(pod, port));
    return modes.every(({ mode }) => mode === 'DISABLE') ? modes[0]?.origin : undefined;
  };
};

/** Rules about callers at workloads that never learn who calls. */
export const authorizationIdentities = defineCheck({
  name: 'heddle.AuthorizationIdentities',
  summary: 'Authorization rules about principals or namespaces for workloads without mutual TLS.',
  emits: ['HED0067'],
  *run(input) {
    const { mesh, pods } = input;
    if (!mesh.of('PeerAuthentication').some(({ object }) => object.spec?.mtls?.mode === 'DISABLE')) return;
    const index = indexPods(pods.filter(({ proxyMode }) => proxyMode === 'sidecar'));
    const disabledBy = createDisabled(input);
    for (const policy of mesh.of('AuthorizationPolicy')) {
      const { selector, rules = [], targetRef, targetRefs = [] } = policy.object.spec ?? {};
      if (targetRef !== undefined || targetRefs.length > 0) continue;
      const asked = rules.flatMap(conditionsOf).filter(asksWho);
      if (asked.length === 0) continue;
      const namespace = policy.namespace === mesh.config.rootNamespace ? undefined : policy.namespace;
      const origins = index.select(selector?.matchLabels ?? {}, namespace).map(disabledBy);
      const [origin] = origins;
      if (origin === undefined || origins.includes(undefined)) continue;
      for (const { attribute, field, holder } of asked) {
        yield finding(
          'HED0067',
          policy,
          { field: attribute, policy: origin.resource },
          {
            in: holder,
            key: field,
            part: 'key',
            labels: [{ span: origin.span, text: 'no caller shows a certificate here' }],
            effect: `no request has an identity: ${effectOfMiss(policy)}`,
            hint: 'make the PeerAuthentication STRICT or PERMISSIVE',
          },
        );
      }
    }
  },
});

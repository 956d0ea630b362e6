import type { Pod } from '../../../model/pod.ts';
import { resourceId } from '../../../model/resource.ts';
import { indexAuthorization } from '../../../traffic/compile/authorization.ts';
import { readMeshSettings } from '../../../traffic/compile/mesh-settings.ts';
import { selectProtocol } from '../../../traffic/compile/protocol.ts';
import { Report } from '../../../traffic/compile/report.ts';
import type { Authorization, AuthorizationCondition, AuthorizationRule } from '../../../traffic/tables.ts';
import { spanOf } from '../../../yaml/located.ts';
import { type AnalysisInput, defineCheck, finding } from '../../check.ts';
import { indexPods } from '../../lookup/pods.ts';
import { indexWorkloadPorts, type WorkloadPort } from '../../lookup/workload-ports.ts';

/** A rule that loses its conditions on a TCP port of a pod, and what that makes of it. */
interface Misfit {
  readonly rule: AuthorizationRule;
  readonly action: 'ALLOW' | 'DENY';
  readonly pod: Pod;
  readonly port: WorkloadPort;
}

const allowsPort = (conditions: readonly AuthorizationCondition[], port: number): boolean =>
  conditions.every(
    (condition) =>
      condition.on !== 'destination-port' ||
      ((condition.values.length === 0 || condition.values.includes(port)) && !condition.notValues.includes(port)),
  );

/** Whether a rule may hold for connections to the port. */
const isFor = ({ when, to }: AuthorizationRule, port: number): boolean =>
  allowsPort(when, port) && (to.length === 0 || to.some((conditions) => allowsPort(conditions, port)));

/** Rules that read otherwise on connections without HTTP: an ALLOW rule is gone there, a DENY rule wider. */
const misfitsAt = ({ http, tcp }: Authorization, pod: Pod, port: WorkloadPort): readonly Misfit[] => {
  const meant = new Set(http.deny);
  const widened = tcp.deny.filter((rule) => !meant.has(rule) && isFor(rule, port.target));
  const left = tcp.allow?.rules ?? [];
  const isClosed = tcp.allow !== undefined && !left.some((rule) => isFor(rule, port.target));
  const gone = isClosed
    ? (http.allow?.rules ?? []).filter((rule) => !left.includes(rule) && isFor(rule, port.target))
    : [];
  return [
    ...widened.map((rule) => ({ rule, action: 'DENY' as const, pod, port })),
    ...gone.map((rule) => ({ rule, action: 'ALLOW' as const, pod, port })),
  ];
};

/** The ports of a pod that surely carry TCP; of several Services with one target port the oldest one's word counts. */
const tcpPorts = (ports: readonly WorkloadPort[]): readonly WorkloadPort[] =>
  ports.filter(
    ({ target, port }, index) =>
      selectProtocol(port) === 'tcp' && ports.findIndex((other) => other.target === target) === index,
  );

/** The misfits of all pods, each rule with the first port that it does not fit. */
const findMisfits = ({ mesh, pods }: AnalysisInput): readonly Misfit[] => {
  const report = new Report();
  const authorizationOf = indexAuthorization(mesh, new Map(), readMeshSettings(mesh, report), report);
  const portsOf = indexWorkloadPorts(mesh);
  const found = new Map<string, Misfit>();
  for (const pod of indexPods(pods).pods) {
    // Most pods have no such port, and to find the policies of a pod costs their number.
    const ports = pod.proxyMode === 'sidecar' ? tcpPorts(portsOf(pod)) : [];
    const authorization = ports.length === 0 ? undefined : authorizationOf(pod);
    if (authorization === undefined) continue;
    for (const misfit of ports.flatMap((port) => misfitsAt(authorization, pod, port))) {
      if (!found.has(misfit.rule.name)) found.set(misfit.rule.name, misfit);
    }
  }
  return [...found.values()];
};

const isOpen = ({ when, from }: AuthorizationRule): boolean =>
  when.length === 0 && (from.length === 0 || from.some((conditions) => conditions.length === 0));

const DETAILS = {
  ALLOW: {
    code: 'HED0063',
    hint: 'allow the port in a rule of its own: "to: [{operation: {ports: [...]}}]"',
  },
  DENY: { code: 'HED0064', hint: 'name the HTTP ports that the rule is for in operation.ports' },
} as const;

const effectOf = ({ action, rule }: Misfit): string => {
  if (action === 'ALLOW') return 'no rule allows a connection to the port: all are closed';
  return isOpen(rule)
    ? 'every connection to the port is closed'
    : 'connections to the port that meet the rest of the rule are closed, whatever they carry';
};

/** HTTP conditions of AuthorizationPolicies at ports where no HTTP is seen. */
export const authorizationTcpPorts = defineCheck({
  name: 'heddle.AuthorizationTcpPorts',
  summary: 'Authorization rules with HTTP conditions for workloads with TCP ports.',
  emits: ['HED0063', 'HED0064'],
  *run(input) {
    const policies = new Map(input.mesh.of('AuthorizationPolicy').map((policy) => [resourceId(policy), policy]));
    if (policies.size === 0) return;
    for (const misfit of findMisfits(input)) {
      const { action, pod, port, rule } = misfit;
      const policy = policies.get(rule.origin.resource);
      if (policy === undefined) continue;
      const { code, hint } = DETAILS[action];
      const span = spanOf(port.port, 'port');
      const values = { port: String(port.target), workload: `${pod.workloadKind} ${pod.namespace}/${pod.workload}` };
      yield finding(code, policy, values, {
        span: rule.origin.span,
        labels: span === undefined ? [] : [{ span, text: 'carries no HTTP, by its name or appProtocol' }],
        effect: effectOf(misfit),
        hint,
      });
    }
  },
});

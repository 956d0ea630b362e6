import type { DescribedPod, DescribedService } from '../../traffic/explain/describe.ts';
import { at, indent, listOf, RULE, textOf } from './lines.ts';

const ruleLines = ({ destinationRule: rule, pods }: DescribedService): readonly string[] => {
  if (rule === undefined) return [];
  const { matching, others } = rule.subsets;
  const hasSubsets = matching.length + others.length > 0;
  return [
    `DestinationRule: ${rule.name}.${rule.namespace} for "${rule.host}"${at(rule.source)}`,
    ...indent([
      ...(hasSubsets && matching.length === 0 && pods.length > 0
        ? [`WARNING: no subset selects it (${listOf(others)})`]
        : []),
      ...(matching.length > 0 ? [`Matching subsets: ${listOf(matching)}`] : []),
      ...(matching.length > 0 && others.length > 0 ? [`   (Non-matching subsets ${listOf(others)})`] : []),
      ...(rule.tlsMode === undefined ? [] : [`Traffic Policy TLS Mode: ${rule.tlsMode}`]),
      ...(rule.policies.length === 0 ? [] : [`Policies: ${listOf(rule.policies)}`]),
      ...(rule.tlsMode === undefined && rule.policies.length === 0 ? ['No Traffic Policy'] : []),
    ]),
  ];
};

const virtualServiceLines = ({ virtualServices, name }: DescribedService): readonly string[] =>
  virtualServices.flatMap(({ routes, gateways, ...one }) => {
    const elsewhere = routes.filter(({ reaches }) => !reaches).length;
    const lines = routes
      .filter(({ reaches }) => reaches)
      .map(({ route, subset, weight, source }) => {
        const part = subset === undefined ? '' : ` subset "${subset}"`;
        return `${route}: Route to host "${name}"${part} with weight ${weight}%${at(source)}`;
      });
    const isMeshOnly = gateways.length === 1 && gateways[0] === 'mesh';
    return [
      `VirtualService: ${one.name}.${one.namespace}${at(one.source)}`,
      ...indent([
        ...(isMeshOnly ? [] : [`Gateways: ${listOf(gateways)}`]),
        ...lines,
        ...(lines.length === 0 ? ['WARNING: none of its routes comes here'] : []),
        ...(lines.length > 0 && elsewhere > 0
          ? [`${elsewhere} additional destination(s) that will not come here`]
          : []),
      ]),
    ];
  });

const serviceLines = (service: DescribedService): readonly string[] => [
  `Service: ${service.name}.${service.namespace}${at(service.source)}`,
  ...indent(
    service.ports.map(({ name, number, protocol, targetPort }) => {
      const target = targetPort === undefined ? 'has no pod behind it' : `targets pod port ${targetPort}`;
      return `Port: ${name === '' ? '' : `${name} `}${number}/${protocol} ${target}`;
    }),
  ),
  ...ruleLines(service),
  ...virtualServiceLines(service),
];

const mtlsLines = ({ mtls }: DescribedPod): readonly string[] => {
  if (mtls === undefined) return [];
  const modeText = ({ mode, decidedBy, source }: Omit<typeof mtls, 'ports'>): string =>
    `${mode}${decidedBy === undefined ? ' (default)' : `   ${decidedBy}`}${at(source)}`;
  return [
    RULE,
    'Effective PeerAuthentication:',
    ...indent([
      `Workload mTLS mode: ${modeText(mtls)}`,
      ...mtls.ports.map((port) => `Port ${port.port}: ${modeText(port)}`),
    ]),
  ];
};

const authorizationLines = ({ authorization }: DescribedPod): readonly string[] =>
  authorization.length === 0
    ? []
    : [
        RULE,
        'AuthorizationPolicies:',
        ...indent(authorization.map(({ action, policy, source }) => `${action} ${policy}${at(source)}`)),
      ];

const unmeshedLines = ({ reason }: DescribedPod, isIgnored: boolean): readonly string[] =>
  isIgnored ? [] : [`WARNING: it is not part of the mesh: ${reason}`];

/** A pod as istioctl describes it, with the place of every object; `ignoreUnmeshed` leaves out that it has no proxy. */
export const podText = (pod: DescribedPod, ignoreUnmeshed: boolean): string =>
  textOf([
    `Pod: ${pod.name}.${pod.namespace}${at(pod.source)}`,
    ...indent([
      pod.ports.length === 0
        ? 'Pod does not expose ports'
        : `Pod Ports: ${listOf(pod.ports.map(({ port, container }) => `${port} (${container})`))}`,
      `Service Account: ${pod.serviceAccount}`,
      ...(pod.proxy === 'none' ? unmeshedLines(pod, ignoreUnmeshed) : [`Proxy: ${pod.proxy} (${pod.reason})`]),
    ]),
    RULE,
    ...(pod.services.length === 0 ? ['WARNING: no Service selects it'] : pod.services.flatMap(serviceLines)),
    ...mtlsLines(pod),
    ...authorizationLines(pod),
  ]);

/** A service as istioctl describes it, then who is behind it. */
export const serviceText = (service: DescribedService): string =>
  textOf([
    ...serviceLines(service),
    ...(service.pods.length === 0 ? ['WARNING: it has no pods'] : [`Pods: ${listOf(service.pods)}`]),
  ]);

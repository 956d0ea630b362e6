import { parseCidr } from '../../base/cidr.ts';
import { isObject } from '../../model/value.ts';
import type { Plain } from '../../yaml/plain.ts';
import { read } from '../values/path.ts';
import type { OperatorPath } from './origin.ts';
import type { Finding } from './validate.ts';

const error = (path: OperatorPath, message: string): Finding => ({
  severity: 'error',
  code: 'BAD_VALUE',
  path,
  message,
});
const warning = (path: OperatorPath, message: string): Finding => ({
  severity: 'warning',
  code: 'SETTING_CONFLICT',
  path,
  message,
});

/** What holds of an IstioOperator beyond the types of its fields. */
export const checkRules = (operator: Plain): readonly Finding[] => [
  ...checkNames(operator),
  ...checkTraffic(operator),
  ...GATEWAYS.flatMap((gateway) => checkGateways(operator, gateway)),
  ...checkIngressPorts(operator),
  ...checkReplicas(operator),
];

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const HUB = /^(?:[a-zA-Z0-9][-.a-zA-Z0-9]*(?::\d+)?\/)?[-._/a-z0-9]+$/;
const TAG = /^\w[-.\w]{0,127}$/;

const textAt = (operator: Plain, path: string): string => {
  const value = read(operator, path);
  return value === undefined || value === null ? '' : String(value);
};

const checkNames = (operator: Plain): readonly Finding[] => {
  const rules = [
    ['hub', HUB, 'the name of a registry and repository such as "docker.io/istio"'],
    ['tag', TAG, 'the tag of an image: letters, digits, _, . and -'],
    ['revision', LABEL, 'a DNS label: lower case letters, digits and -'],
  ] as const;
  return rules.flatMap(([name, pattern, wanted]) => {
    const value = textAt(operator, `spec.${name}`);
    return value === '' || pattern.test(value)
      ? []
      : [error(['spec', name], `${name} must be ${wanted}, not "${value}"`)];
  });
};

const PROXY = 'spec.values.global.proxy';

const isPort = (text: string): boolean =>
  text === '' || text === '*' || (/^[+-]?\d+$/.test(text) && Number(text) >= 0 && Number(text) <= 65535);

const checkTraffic = (operator: Plain): readonly Finding[] => {
  const check = (name: string, isGood: (item: string) => boolean, wanted: string): readonly Finding[] => {
    const value = textAt(operator, `${PROXY}.${name}`);
    if (value === '' || value === '*') return [];
    return value
      .split(',')
      .filter((item) => !isGood(item))
      .map((item) =>
        error([...PROXY.split('.'), name], `global.proxy.${name} must be ${wanted}, but "${item}" is none`),
      );
  };
  const isRange = (item: string): boolean => item.includes('/') && parseCidr(item) !== undefined;
  return [
    ...check('includeIPRanges', isRange, 'address blocks such as "10.0.0.0/8"'),
    ...check('excludeIPRanges', isRange, 'address blocks such as "10.0.0.0/8"'),
    ...check('includeInboundPorts', isPort, 'ports from 0 to 65535'),
    ...check('excludeInboundPorts', isPort, 'ports from 0 to 65535'),
  ];
};

const GATEWAYS = [
  { list: 'ingressGateways', values: 'istio-ingressgateway' },
  { list: 'egressGateways', values: 'istio-egressgateway' },
] as const;

const FIRST_FREE_PORT = 1024;

/** Whether listening there takes root; a target by name is not known here. */
const needsRoot = (port: unknown, target: unknown): boolean => {
  if (typeof port !== 'number' || typeof target === 'string') return false;
  if (typeof target === 'number' && target !== 0) return target < FIRST_FREE_PORT;
  return port <= FIRST_FREE_PORT;
};

const rootWords = (values: string): string =>
  `needs root to listen: set targetPort to a port above ${FIRST_FREE_PORT}, or values.gateways.${values}.runAsRoot`;

const checkGateways = (operator: Plain, { list, values }: (typeof GATEWAYS)[number]): readonly Finding[] => {
  const gateways = read(operator, `spec.components.${list}`);
  const runsAsRoot = read(operator, `spec.values.gateways.${values}.runAsRoot`) === true;
  const scales = read(operator, `spec.values.gateways.${values}.autoscaleEnabled`) === true;
  return (Array.isArray(gateways) ? gateways : []).flatMap((gateway, index) => {
    const path = ['spec', 'components', list, index];
    const ports = read(gateway, 'k8s.service.ports');
    const low = (runsAsRoot || !Array.isArray(ports) ? [] : ports).flatMap((port, at) =>
      isObject(port) && needsRoot(port['port'], port['targetPort'] ?? 0)
        ? [
            error(
              [...path, 'k8s', 'service', 'ports', at],
              `port ${String(port['port'])} of the gateway ${textAt(gateway, 'name')} ${rootWords(values)}`,
            ),
          ]
        : [],
    );
    const replicas = read(gateway, 'k8s.replicaCount');
    if (!scales || typeof replicas !== 'number' || replicas === 0) return low;
    const why = `replicaCount of the gateway ${textAt(gateway, 'name')} is not for gateways that scale (values.gateways.${values}.autoscaleEnabled)`;
    return [...low, warning([...path, 'k8s', 'replicaCount'], why)];
  });
};

const checkIngressPorts = (operator: Plain): readonly Finding[] => {
  const path = 'spec.values.gateways.istio-ingressgateway.ingressPorts';
  const ports = read(operator, path);
  return (Array.isArray(ports) ? ports : []).flatMap((port, index) =>
    isObject(port) && needsRoot(port['port'], port['targetPort'] ?? 0)
      ? [error([...path.split('.'), index], `port ${String(port['port'])} ${rootWords('istio-ingressgateway')}`)]
      : [],
  );
};

const checkReplicas = (operator: Plain): readonly Finding[] => {
  const replicas = read(operator, 'spec.components.pilot.k8s.replicaCount');
  if (read(operator, 'spec.values.pilot.autoscaleEnabled') !== true || typeof replicas !== 'number' || replicas <= 1)
    return [];
  const path = ['spec', 'components', 'pilot', 'k8s', 'replicaCount'];
  return [
    warning(path, 'components.pilot.k8s.replicaCount is not for a pilot that scales (values.pilot.autoscaleEnabled)'),
  ];
};

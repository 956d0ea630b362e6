import { parseCidr } from '../../base/cidr.ts';
import { readProxyConfig } from './proxy-config.ts';

/** What is wrong with a value, as a sentence; undefined when Istio's injector takes it. */
type ValueRule = (value: string) => string | undefined;

const UINT32_MAX = 2 ** 32 - 1;
const PORT_MAX = 65_535;

const isUnsigned = (text: string, max: number): boolean => /^\d+$/.test(text) && Number(text) <= max;

const unsigned: ValueRule = (value) =>
  isUnsigned(value, UINT32_MAX) ? undefined : `"${value}" is no whole number from 0 to ${UINT32_MAX}`;

const port: ValueRule = (value) =>
  isUnsigned(value.trim(), PORT_MAX) ? undefined : `"${value}" is no port number from 0 to ${PORT_MAX}`;

/** The first wrong item of a comma-separated list; an empty value is an empty list. */
const each = (value: string, rule: ValueRule): string | undefined => {
  if (value === '') return undefined;
  for (const item of value.split(',')) {
    const problem = rule(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const ports: ValueRule = (value) => each(value.trim(), port);

const orAll =
  (rule: ValueRule): ValueRule =>
  (value) =>
    value === '*' ? undefined : rule(value);

// Blocks are taken without blanks and with their length, plain addresses are not.
const addressBlocks: ValueRule = (value) =>
  each(value, (item) =>
    item.includes('/') && parseCidr(item) !== undefined
      ? undefined
      : `"${item}" is no address block such as 10.0.0.0/8`,
  );

/** Longest name of a network interface in Linux (IFNAMSIZ less the closing zero). */
const INTERFACE_MAX = 15;

const interfaces: ValueRule = (value) =>
  each(value, (item) => {
    const name = item.trim();
    return name.length <= INTERFACE_MAX && /^[a-zA-Z][a-zA-Z0-9_.-]*$/.test(name)
      ? undefined
      : `"${name}" is no name of a network interface`;
  });

const BOOLEANS: ReadonlySet<string> = new Set(
  ['1', 't', 'T', 'true', 'TRUE', 'True'].concat(['0', 'f', 'F', 'false', 'FALSE', 'False']),
);

const boolean: ValueRule = (value) => (BOOLEANS.has(value) ? undefined : `"${value}" is neither true nor false`);

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const quantity: ValueRule = (value) =>
  QUANTITY.test(value) ? undefined : `"${value}" is no quantity such as 100m or 64Mi`;

const INTERCEPTION_MODES: readonly string[] = ['REDIRECT', 'TPROXY', 'NONE'];

const interceptionMode: ValueRule = (value) =>
  INTERCEPTION_MODES.includes(value) ? undefined : `"${value}" is none of ${INTERCEPTION_MODES.join(', ')}`;

const RULES: ReadonlyMap<string, ValueRule> = new Map([
  ['istio.io/reroute-virtual-interfaces', interfaces],
  ['prometheus.istio.io/merge-metrics', boolean],
  ['proxy.istio.io/config', (value) => readProxyConfig(value).problem],
  ['readiness.status.sidecar.istio.io/failureThreshold', unsigned],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', unsigned],
  ['readiness.status.sidecar.istio.io/periodSeconds', unsigned],
  ['sidecar.istio.io/interceptionMode', interceptionMode],
  ['sidecar.istio.io/proxyCPU', quantity],
  ['sidecar.istio.io/proxyCPULimit', quantity],
  ['sidecar.istio.io/proxyMemory', quantity],
  ['sidecar.istio.io/proxyMemoryLimit', quantity],
  ['status.sidecar.istio.io/port', port],
  ['traffic.sidecar.istio.io/excludeInboundPorts', ports],
  ['traffic.sidecar.istio.io/excludeInterfaces', interfaces],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', addressBlocks],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', ports],
  ['traffic.sidecar.istio.io/includeInboundPorts', orAll(ports)],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', orAll(addressBlocks)],
  ['traffic.sidecar.istio.io/kubevirtInterfaces', interfaces],
]);

/** Why Istio's injector would refuse an annotation's value; undefined where it takes it or has no opinion. */
export const refuseAnnotationValue = (name: string, value: string): string | undefined => RULES.get(name)?.(value);

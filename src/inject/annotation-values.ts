import { parseCidr } from '../base/cidr.ts';
import { canonicalQuantity } from '../model/typed/quantity.ts';
import { parseBool } from './parse-bool.ts';

/** An annotation whose value the webhook refuses. */
export interface RefusedAnnotation {
  readonly name: string;
  /** The end of a sentence: `must be true or false`. */
  readonly message: string;
}

/**
 * The annotations of a pod that keep the webhook from injecting it, in the order of their names. The YAML of
 * `proxy.istio.io/config` is judged where it is merged.
 */
export const refusedAnnotations = (annotations: Readonly<Record<string, string>>): readonly RefusedAnnotation[] =>
  Object.keys(annotations)
    .sort()
    .flatMap((name) => {
      const message = RULES.get(name)?.(annotations[name] ?? '');
      return message === undefined ? [] : [{ name, message }];
    });

type Rule = (value: string) => string | undefined;

const matching =
  (accepts: (value: string) => boolean, message: string): Rule =>
  (value) =>
    accepts(value) ? undefined : message;

const bool = matching((value) => parseBool(value) !== undefined, 'must be true or false');

const isUnsigned = (value: string, bits: number): boolean => /^\d+$/.test(value) && Number(value) < 2 ** bits;
const uint32 = matching((value) => isUnsigned(value, 32), 'must be a whole number, not negative');

const isPort = (value: string): boolean => isUnsigned(value.trim(), 16);
const isPortList = (value: string): boolean => value.trim() === '' || value.split(',').every(isPort);
const PORTS = 'must be port numbers from 0 to 65535, separated by commas';
const ports = matching(isPortList, PORTS);

const isRangeList = (value: string): boolean =>
  value === '' || value.split(',').every((range) => range.includes('/') && parseCidr(range) !== undefined);
const RANGES = 'must be address ranges such as 10.0.0.0/8, separated by commas without spaces';

/** Linux allows 15 characters. */
const INTERFACE = /^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/;
const interfaces = matching(
  (value) => value === '' || value.split(',').every((name) => INTERFACE.test(name.trim())),
  'must be names of network interfaces of at most 15 characters, separated by commas',
);

const quantity = matching(
  (value) => !/\p{Cc}/u.test(value) && canonicalQuantity(value) !== undefined,
  'must be a quantity such as 100m or 128Mi',
);

const orAll = (rule: Rule, message: string): Rule => {
  const all = `${message}; or * for all`;
  return (value) => (value === '*' || rule(value) === undefined ? undefined : all);
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['istio.io/reroute-virtual-interfaces', interfaces],
  ['prometheus.istio.io/merge-metrics', bool],
  ['readiness.status.sidecar.istio.io/failureThreshold', uint32],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', uint32],
  ['readiness.status.sidecar.istio.io/periodSeconds', uint32],
  [
    'sidecar.istio.io/interceptionMode',
    matching((value) => ['REDIRECT', 'TPROXY', 'NONE'].includes(value), 'must be REDIRECT, TPROXY or NONE'),
  ],
  ['sidecar.istio.io/proxyCPU', quantity],
  ['sidecar.istio.io/proxyCPULimit', quantity],
  ['sidecar.istio.io/proxyMemory', quantity],
  ['sidecar.istio.io/proxyMemoryLimit', quantity],
  ['status.sidecar.istio.io/port', matching(isPort, 'must be a port number from 0 to 65535')],
  ['traffic.sidecar.istio.io/excludeInboundPorts', ports],
  ['traffic.sidecar.istio.io/excludeInterfaces', interfaces],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', matching(isRangeList, RANGES)],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', ports],
  ['traffic.sidecar.istio.io/includeInboundPorts', orAll(ports, PORTS)],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', orAll(matching(isRangeList, RANGES), RANGES)],
  ['traffic.sidecar.istio.io/kubevirtInterfaces', interfaces],
]);

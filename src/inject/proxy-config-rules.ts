import { isAddress } from '../base/cidr.ts';
import { parseDuration } from '../base/duration.ts';
import type { Plain } from '../yaml/plain.ts';
import { dig } from './image.ts';

/** The end of a sentence that begins with the field, for a value that Istio refuses. */
type Rule = (value: unknown) => string | undefined;

const HOST = /^(?=.{1,255}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/i;
const ADDRESS = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)$/;

const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65535;

const given: Rule = (value) => (value === undefined || value === '' ? 'must not be empty' : undefined);

const port: Rule = (value) => (isPort(Number(value ?? 0)) ? undefined : 'must be a port from 1 to 65535');

const address: Rule = (value) => {
  const [, bracketed, plain, digits] = ADDRESS.exec(String(value ?? '')) ?? [];
  const host = bracketed ?? plain ?? '';
  return isPort(Number(digits)) && (HOST.test(host) || isAddress(host))
    ? undefined
    : 'must be an address such as istiod.istio-system.svc:15012';
};

/** Addresses of tracers may name the node, which is known in the pod. */
const nodeAddress: Rule = (value) => address(String(value ?? '').replace('$(HOST_IP)', '127.0.0.1'));

const drainTime: Rule = (value) => {
  const milliseconds = parseDuration(String(value ?? '0')) ?? 0;
  return milliseconds > 0 && milliseconds % 1000 === 0
    ? undefined
    : 'must be a duration of whole seconds, more than 0s';
};

const pollDelay: Rule = (value) => {
  const milliseconds = parseDuration(String(value ?? '0')) ?? 0;
  return milliseconds >= 1 && Number.isInteger(milliseconds)
    ? undefined
    : 'must be a duration of whole milliseconds, more than 0s';
};

/** Rules by field; those with a `within` apply where that message is there, those that are optional where the field is. */
const RULES: readonly {
  readonly path: readonly string[];
  readonly rule: Rule;
  readonly within?: readonly string[];
  readonly isOptional?: boolean;
}[] = [
  { path: ['configPath'], rule: given },
  { path: ['binaryPath'], rule: given },
  { path: ['drainDuration'], rule: drainTime },
  { path: ['discoveryAddress'], rule: address },
  { path: ['proxyAdminPort'], rule: port },
  { path: ['statusPort'], rule: port },
  { path: ['tracing', 'zipkin', 'address'], rule: nodeAddress, within: ['tracing', 'zipkin'] },
  { path: ['tracing', 'datadog', 'address'], rule: nodeAddress, within: ['tracing', 'datadog'] },
  { path: ['tracing', 'lightstep', 'address'], rule: address, within: ['tracing', 'lightstep'] },
  { path: ['tracing', 'lightstep', 'accessToken'], rule: given, within: ['tracing', 'lightstep'] },
  { path: ['statsdUdpAddress'], rule: address, isOptional: true },
  { path: ['envoyMetricsServiceAddress'], rule: address, isOptional: true },
  { path: ['envoyMetricsService', 'address'], rule: address, isOptional: true },
  { path: ['envoyAccessLogService', 'address'], rule: address, isOptional: true },
  ...['cryptomb', 'qat'].map((provider) => ({
    path: ['privateKeyProvider', provider, 'pollDelay'],
    rule: pollDelay,
    within: ['privateKeyProvider', provider],
  })),
];

/** What Istio has against a proxy configuration in canonical form, Istio's defaults included: `statusPort must be a port ...`. */
export const proxyConfigProblems = (config: Plain): readonly string[] => {
  const problems = RULES.flatMap(({ path, rule, within, isOptional }) => {
    const value = dig(config, ...path);
    if (within !== undefined && dig(config, ...within) === undefined) return [];
    if (isOptional === true && (value === undefined || value === '')) return [];
    const message = rule(value);
    return message === undefined ? [] : [`${path.join('.')} ${message}`];
  });
  const isNamed = given(config['serviceCluster']) === undefined || config['tracingServiceName'] !== undefined;
  return isNamed ? problems : [...problems, 'serviceCluster or tracingServiceName must be set'];
};

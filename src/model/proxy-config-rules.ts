import { isAddress } from '../base/cidr.ts';
import { parseDuration } from '../base/duration.ts';
import { isObject } from './value.ts';

/** What Istio has against a proxy configuration, at keys from its root. */
export interface ProxyConfigProblem {
  readonly path: readonly string[];
  /** A sentence with the path: `statusPort must be a port from 1 to 65535`. */
  readonly message: string;
}

/** The end of a sentence that begins with the field, for a value that Istio refuses. */
type Rule = (value: unknown) => string | undefined;

const HOST = /^(?=.{1,255}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/i;
const ADDRESS = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)$/;

const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65535;

const millisecondsOf = (value: unknown): number => parseDuration(String(value ?? '0')) ?? 0;

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
  const milliseconds = millisecondsOf(value);
  return milliseconds > 0 && milliseconds % 1000 === 0
    ? undefined
    : 'must be a duration of whole seconds, more than 0s';
};

const pollDelay: Rule = (value) => (millisecondsOf(value) === 0 ? 'must be a duration other than 0s' : undefined);

const notNegative: Rule = (value) => (millisecondsOf(value) < 0 ? 'must not be negative' : undefined);

const atLeast =
  (least: number): Rule =>
  (value) =>
    Number(value) < least ? `must be at least ${least}` : undefined;

const provider: Rule = (value) =>
  isObject(value) && (isObject(value['cryptomb']) || isObject(value['qat'])) ? undefined : 'must have cryptomb or qat';

/** TLS towards the collector of traces: as in a DestinationRule, but in no namespace. */
const clientTls: Rule = (value) => {
  const tls = isObject(value) ? value : {};
  const has = (key: string): boolean => tls[key] !== undefined && tls[key] !== '';
  const isMutual = tls['mode'] === 'MUTUAL';
  if (String(tls['credentialName'] ?? '').startsWith('configmap://')) return 'cannot name a credential in a ConfigMap';
  if (!isMutual && tls['mode'] !== 'SIMPLE') return undefined;
  if (tls['insecureSkipVerify'] === true) {
    const verifying = ['caCertificates', 'subjectAltNames', ...(isMutual ? [] : ['credentialName'])].find(has);
    if (verifying !== undefined) return `cannot have both insecureSkipVerify and ${verifying}`;
  }
  if (has('credentialName')) {
    const file = ['clientCertificate', 'caCertificates', 'privateKey', 'caCrl'].find(has);
    return file === undefined ? undefined : `cannot have both credentialName and ${file}`;
  }
  const missing = isMutual ? ['clientCertificate', 'privateKey'].find((key) => !has(key)) : undefined;
  return missing === undefined ? undefined : `must have a ${missing} in mode MUTUAL`;
};

/** For a field that may be absent or empty. */
const optional =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined || value === '' ? undefined : rule(value);

/** Rules by message and field; those of a message apply where it is there. */
const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  '': {
    configPath: given,
    binaryPath: given,
    drainDuration: drainTime,
    discoveryAddress: address,
    proxyAdminPort: port,
    statusPort: port,
    statsdUdpAddress: optional(address),
    envoyMetricsServiceAddress: optional(address),
    privateKeyProvider: optional(provider),
  },
  'tracing.zipkin': { address: nodeAddress },
  'tracing.datadog': { address: nodeAddress },
  'tracing.lightstep': { address, accessToken: given },
  tracing: { tlsSettings: optional(clientTls) },
  envoyMetricsService: { address: optional(address) },
  envoyAccessLogService: { address: optional(address) },
  'privateKeyProvider.cryptomb': { pollDelay },
  'privateKeyProvider.qat': { pollDelay },
  connectionSettings: {
    ...Object.fromEntries(
      [
        'httpIdleTimeout',
        'httpMaxConnectionDuration',
        'httpDrainTimeout',
        'httpRequestTimeout',
        'httpRequestHeadersTimeout',
        'httpStreamIdleTimeout',
        'httpMaxStreamDuration',
      ].map((field) => [field, notNegative]),
    ),
    listenerPerConnectionBufferLimitBytes: atLeast(0),
    clusterPerConnectionBufferLimitBytes: atLeast(0),
    httpMaxConcurrentStreams: atLeast(1),
    http2InitialStreamWindowSize: atLeast(65535),
    http2InitialConnectionWindowSize: atLeast(65535),
    listenerConnectionLimit: atLeast(1),
    globalDownstreamConnectionLimit: atLeast(1),
  },
};

const messageAt = (config: object, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), config);

/**
 * What Istio refuses of a proxy configuration (ProxyConfig in proto JSON, Istio's defaults included), the values of its
 * fields being of the right types.
 */
export const proxyConfigProblems = (config: object): readonly ProxyConfigProblem[] => {
  const problems = Object.entries(RULES).flatMap(([message, fields]) => {
    const within = message === '' ? [] : message.split('.');
    const holder = messageAt(config, within);
    if (!isObject(holder)) return [];
    return Object.entries(fields).flatMap(([field, rule]): ProxyConfigProblem[] => {
      const wrong = rule(holder[field]);
      const path = [...within, field];
      return wrong === undefined ? [] : [{ path, message: `${path.join('.')} ${wrong}` }];
    });
  });
  const { serviceCluster, tracingServiceName } = config as Readonly<Record<string, unknown>>;
  if (given(serviceCluster) === undefined || tracingServiceName !== undefined) return problems;
  return [...problems, { path: ['serviceCluster'], message: 'serviceCluster or tracingServiceName must be set' }];
};

import { parseDuration } from '../../base/duration.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  DestinationRule,
  TrafficPolicy,
  TrafficPolicyPortLevelSetting,
} from '../../model/schema/generated/types-istio.ts';
import type { At, Report } from './report.ts';

/** RFC 1123 label, which Istio asks of a subset's name. */
const SUBSET_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;

/** Reports what Istio's admission would refuse, and the policies that local mode does not apply. */
export const checkDestinationRule = (resource: Resource<DestinationRule>, report: Report): void => {
  const spec = resource.object.spec;
  if (spec === undefined) {
    report.invalid(resource, 'a DestinationRule needs a spec');
    return;
  }
  if (spec.host === '') report.invalid(resource, 'host must not be empty', [spec, 'host']);
  const names = new Set<string>();
  for (const subset of spec.subsets ?? []) {
    if (!SUBSET_NAME.test(subset.name)) {
      report.invalid(resource, `subset name "${subset.name}" is not a DNS label`, [subset, 'name']);
    }
    if (names.has(subset.name)) report.invalid(resource, `subset "${subset.name}" is defined twice`, [subset, 'name']);
    names.add(subset.name);
    checkPolicy(resource, subset.trafficPolicy, report);
  }
  checkPolicy(resource, spec.trafficPolicy, report);
};

const checkPolicy = (resource: Resource<DestinationRule>, policy: TrafficPolicy | undefined, report: Report): void => {
  if (policy === undefined) return;
  checkParts(resource, policy, report);
  for (const setting of policy.portLevelSettings ?? []) {
    if (setting.port?.number === undefined) {
      report.invalid(resource, 'a port-level setting needs port.number', [setting, 'port']);
    }
    checkParts(resource, setting, report);
  }
  if (policy.tunnel !== undefined)
    unsupported(resource, report, 'tunnel', 'connections go to the host itself', [policy, 'tunnel']);
  if (policy.proxyProtocol !== undefined) {
    unsupported(resource, report, 'proxyProtocol', 'no PROXY header is sent', [policy, 'proxyProtocol']);
  }
  if (policy.retryBudget !== undefined) {
    unsupported(resource, report, 'retryBudget', 'concurrent retries are not limited', [policy, 'retryBudget']);
  }
};

const unsupported = (
  resource: Resource<DestinationRule>,
  report: Report,
  field: string,
  effect: string,
  at: At,
): void => report.unsupportedField(resource, `trafficPolicy.${field}`, effect, at);

const checkParts = (
  resource: Resource<DestinationRule>,
  parts: Pick<TrafficPolicyPortLevelSetting, 'connectionPool' | 'loadBalancer' | 'outlierDetection' | 'tls'>,
  report: Report,
): void => {
  const { connectionPool, loadBalancer, outlierDetection, tls } = parts;
  if (loadBalancer !== undefined) {
    const { consistentHash, localityLbSetting, simple } = loadBalancer;
    if (consistentHash !== undefined && simple !== undefined) {
      report.invalid(resource, 'loadBalancer has both simple and consistentHash', [loadBalancer, 'consistentHash']);
    } else if (consistentHash !== undefined) {
      const at: At = [loadBalancer, 'consistentHash'];
      unsupported(resource, report, 'loadBalancer.consistentHash', 'endpoints are picked without affinity', at);
    }
    for (const field of ['failover', 'failoverPriority'] as const) {
      if (localityLbSetting?.[field] === undefined) continue;
      const at: At = [localityLbSetting, field];
      unsupported(resource, report, `loadBalancer.localityLbSetting.${field}`, 'all localities share the load', at);
    }
    for (const field of ['warmup', 'warmupDurationSecs', 'zoneAwareLbSetting'] as const) {
      if (loadBalancer[field] === undefined) continue;
      unsupported(resource, report, `loadBalancer.${field}`, 'it changes no balancing', [loadBalancer, field]);
    }
  }
  if (outlierDetection !== undefined) {
    if ((outlierDetection.maxEjectionPercent ?? 0) > 100 || (outlierDetection.minHealthPercent ?? 0) > 100) {
      report.invalid(resource, 'a percentage of outlierDetection is above 100', [parts, 'outlierDetection']);
    }
    unsupported(resource, report, 'outlierDetection', 'no endpoint is ejected, and no locality preferred', [
      parts,
      'outlierDetection',
    ]);
  }
  if (connectionPool !== undefined) checkConnectionPool(resource, parts, connectionPool, report);
  if (tls?.mode === 'SIMPLE' || tls?.mode === 'MUTUAL') {
    if (tls.mode === 'MUTUAL' && tls.credentialName === undefined && tls.clientCertificate === undefined) {
      report.invalid(resource, 'tls mode MUTUAL needs a client certificate', [tls, 'mode']);
    } else unsupported(resource, report, `tls.mode ${tls.mode}`, 'requests are sent in PLAINTEXT', [tls, 'mode']);
  }
};

const SUPPORTED_HTTP: ReadonlySet<string> = new Set([
  'maxRequestsPerConnection',
  'h2UpgradePolicy',
  'useClientProtocol',
]);

const checkConnectionPool = (
  resource: Resource<DestinationRule>,
  parts: Pick<TrafficPolicyPortLevelSetting, 'connectionPool'>,
  pool: NonNullable<TrafficPolicy['connectionPool']>,
  report: Report,
): void => {
  const { http, tcp } = pool;
  if (http === undefined && tcp === undefined) {
    report.invalid(resource, 'connectionPool is empty', [parts, 'connectionPool']);
  }
  if (tcp?.connectTimeout !== undefined && (parseDuration(tcp.connectTimeout) ?? 0) < 1) {
    report.invalid(resource, `connectTimeout "${tcp.connectTimeout}" is not a duration of at least 1ms`, [
      tcp,
      'connectTimeout',
    ]);
  }
  for (const field of Object.keys(tcp ?? {})) {
    if (tcp === undefined || field === 'connectTimeout') continue;
    unsupported(resource, report, `connectionPool.tcp.${field}`, 'it limits nothing', [tcp, field]);
  }
  for (const field of Object.keys(http ?? {})) {
    if (http === undefined || SUPPORTED_HTTP.has(field)) continue;
    unsupported(resource, report, `connectionPool.http.${field}`, 'it limits nothing', [http, field]);
  }
};

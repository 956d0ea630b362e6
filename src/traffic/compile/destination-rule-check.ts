import { parseDuration } from '../../base/duration.ts';
import type { Resource } from '../../model/resource.ts';
import type {
  DestinationRule,
  TrafficPolicy,
  TrafficPolicyPortLevelSetting,
} from '../../model/schema/generated/types-istio.ts';
import type { At, Report } from './report.ts';
import { SYSTEM_BUNDLES } from './tls-origination.ts';

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
  if (policy.retryBudget?.budgetInterval !== undefined) {
    const effect = 'the budget is a share of what is under way, not of what began lately';
    unsupported(resource, report, 'retryBudget.budgetInterval', effect, [policy.retryBudget, 'budgetInterval']);
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
    }
    if (consistentHash?.maglev !== undefined) checkMaglev(resource, consistentHash.maglev, report);
    if ((localityLbSetting?.distribute ?? []).length > 0 && (localityLbSetting?.failover ?? []).length > 0) {
      report.invalid(resource, 'localityLbSetting has both distribute and failover', [
        loadBalancer,
        'localityLbSetting',
      ]);
    }
    if (loadBalancer.zoneAwareLbSetting !== undefined) {
      const at: At = [loadBalancer, 'zoneAwareLbSetting'];
      unsupported(resource, report, 'loadBalancer.zoneAwareLbSetting', 'all zones share the load', at);
    }
  }
  if (outlierDetection !== undefined) {
    if ((outlierDetection.maxEjectionPercent ?? 0) > 100 || (outlierDetection.minHealthPercent ?? 0) > 100) {
      report.invalid(resource, 'a percentage of outlierDetection is above 100', [parts, 'outlierDetection']);
    }
    const { splitExternalLocalOriginErrors: splits, consecutiveLocalOriginFailures = 0 } = outlierDetection;
    if (splits !== true && consecutiveLocalOriginFailures > 0) {
      report.invalid(resource, 'consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors', [
        outlierDetection,
        'consecutiveLocalOriginFailures',
      ]);
    }
    for (const field of ['consecutiveErrors', 'outlierDetectionHttpErrorCodes'] as const) {
      if (outlierDetection[field] === undefined) continue;
      const effect = 'Istio hands it to no proxy either; use consecutive5xxErrors or consecutiveGatewayErrors';
      unsupported(resource, report, `outlierDetection.${field}`, effect, [outlierDetection, field]);
    }
  }
  if (connectionPool !== undefined) checkConnectionPool(resource, parts, connectionPool, report);
  if (tls?.mode === 'SIMPLE' || tls?.mode === 'MUTUAL') {
    const isVerified = tls.insecureSkipVerify !== true;
    if (isVerified && tls.credentialName === undefined && !SYSTEM_BUNDLES.has(tls.caCertificates ?? '')) {
      const effect = 'files of the proxy are not at hand here, and no server is trusted';
      unsupported(resource, report, 'tls.caCertificates', effect, [tls, 'caCertificates']);
    }
    if (tls.caCrl !== undefined) {
      unsupported(resource, report, 'tls.caCrl', 'no certificate counts as revoked', [tls, 'caCrl']);
    }
    if (tls.mode === 'MUTUAL' && tls.credentialName === undefined && tls.clientCertificate === undefined) {
      report.invalid(resource, 'tls mode MUTUAL needs a client certificate', [tls, 'mode']);
    } else if (tls.mode === 'MUTUAL' && tls.credentialName === undefined) {
      const effect = 'files of the proxy are not at hand here, and servers that ask for a certificate refuse';
      unsupported(resource, report, 'tls.clientCertificate', effect, [tls, 'clientCertificate']);
    }
  }
};

const checkMaglev = (
  resource: Resource<DestinationRule>,
  maglev: { readonly tableSize?: number },
  report: Report,
): void => {
  const { tableSize = 0 } = maglev;
  if (tableSize < MAX_TABLE_SIZE && isPrime(tableSize)) return;
  const message = `maglev.tableSize ${tableSize} is not a prime below ${MAX_TABLE_SIZE}`;
  report.invalid(resource, message, [maglev, 'tableSize']);
};

const MAX_TABLE_SIZE = 5_000_011;

const isPrime = (number: number): boolean => {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
};

/** All that Node does not let a program choose for its sockets. */
const UNSUPPORTED_KEEP_ALIVE = ['interval', 'probes'] as const;

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
  const keepAlive = tcp?.tcpKeepalive;
  for (const field of UNSUPPORTED_KEEP_ALIVE) {
    if (keepAlive?.[field] === undefined) continue;
    const effect = "the operating system's own setting holds";
    unsupported(resource, report, `connectionPool.tcp.tcpKeepalive.${field}`, effect, [keepAlive, field]);
  }
  const limits = [
    [tcp, 'maxConnections'],
    [http, 'http1MaxPendingRequests'],
    [http, 'http2MaxRequests'],
    [http, 'maxRequestsPerConnection'],
    [http, 'maxRetries'],
    [http, 'maxConcurrentStreams'],
  ] as const;
  for (const [part, field] of limits) {
    const value: unknown = part === undefined ? undefined : Reflect.get(part, field);
    if (part === undefined || typeof value !== 'number' || value >= 0) continue;
    report.invalid(resource, `${field} ${value} is negative`, [part, field]);
  }
  if (http?.http2KeepAlive !== undefined) {
    unsupported(resource, report, 'connectionPool.http.http2KeepAlive', 'no pings are sent', [http, 'http2KeepAlive']);
  }
};

import { parseDuration } from '../../base/duration.ts';
import type {
  ClientTls,
  ConnectionPool,
  ConnectionPoolHttp,
  LoadBalancer,
  LoadBalancerConsistentHash,
  OutlierDetection,
} from '../../model/schema/generated/types-istio.ts';
import { reviewLocality, reviewZoneAware } from './locality.ts';
import type { Review } from './review.ts';
import { refuseDuration } from './text-rules.ts';

/** A field that holds a duration, when it is set. */
export const reviewDuration = <T extends object>(holder: T, key: keyof T & string, review: Review): void => {
  const value = holder[key];
  const refusal = typeof value === 'string' ? refuseDuration(value) : undefined;
  if (refusal !== undefined) review.refuse(`${key} ${JSON.stringify(value)} ${refusal}`, [holder, key]);
};

const reviewNotNegative = <T extends object>(holder: T, keys: readonly (keyof T & string)[], review: Review): void => {
  for (const key of keys) {
    const value = holder[key];
    if (typeof value === 'number' && value < 0)
      review.refuse(`${key} is ${value}; it cannot be negative`, [holder, key]);
  }
};

const reviewHttpPool = (http: ConnectionPoolHttp, review: Review): void => {
  const counts = [
    'http1MaxPendingRequests',
    'http2MaxRequests',
    'maxRequestsPerConnection',
    'maxRetries',
    'maxConcurrentStreams',
  ] as const;
  reviewNotNegative(http, counts, review);
  reviewDuration(http, 'idleTimeout', review);
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    review.refuse('useClientProtocol and h2UpgradePolicy UPGRADE exclude each other', [http, 'useClientProtocol']);
  }
  const keepAlive = http.http2KeepAlive;
  if (keepAlive === undefined) return;
  for (const key of ['interval', 'timeout'] as const) {
    if (keepAlive[key] === undefined) review.refuse(`http2KeepAlive needs ${key}`, [http, 'http2KeepAlive', 'key']);
    else reviewDuration(keepAlive, key, review);
  }
};

/** Connection pools of DestinationRules, Sidecars and the mesh configuration; `holder[key]` is the pool. */
export const reviewConnectionPool = (
  holder: object,
  key: string,
  pool: ConnectionPool | undefined,
  review: Review,
): void => {
  if (pool === undefined) return;
  const { http, tcp } = pool;
  if (http === undefined && tcp === undefined) {
    review.refuse(`${key} needs http or tcp settings`, [holder, key, 'key']);
    return;
  }
  if (http !== undefined) reviewHttpPool(http, review);
  if (tcp === undefined) return;
  reviewNotNegative(tcp, ['maxConnections'], review);
  reviewDuration(tcp, 'connectTimeout', review);
  reviewDuration(tcp, 'maxConnectionDuration', review);
  // 0s switches the timeout off.
  if (tcp.idleTimeout !== undefined && (parseDuration(tcp.idleTimeout) ?? 1) >= 1)
    reviewDuration(tcp, 'idleTimeout', review);
  if (tcp.tcpKeepalive !== undefined) {
    reviewDuration(tcp.tcpKeepalive, 'time', review);
    reviewDuration(tcp.tcpKeepalive, 'interval', review);
  }
};

export const reviewOutlierDetection = (outlier: OutlierDetection | undefined, review: Review): void => {
  if (outlier === undefined) return;
  reviewDuration(outlier, 'baseEjectionTime', review);
  reviewDuration(outlier, 'interval', review);
  if ((outlier.consecutiveErrors ?? 0) !== 0) {
    const message = 'consecutiveErrors is deprecated: use consecutiveGatewayErrors or consecutive5xxErrors';
    review.warn(message, [outlier, 'consecutiveErrors', 'key']);
  }
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    const message = 'consecutiveLocalOriginFailures counts only with splitExternalLocalOriginErrors: true';
    review.refuse(message, [outlier, 'consecutiveLocalOriginFailures', 'key']);
  }
  for (const key of ['maxEjectionPercent', 'minHealthPercent'] as const) {
    const value = outlier[key] ?? 0;
    if (value < 0 || value > 100) review.refuse(`${key} is ${value}; it must be from 0 to 100`, [outlier, key]);
  }
};

const MAGLEV_LIMIT = 5_000_011;

const isPrime = (number: number): boolean => {
  if (number < 2) return number === 1;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
};

const reviewConsistentHash = (hash: LoadBalancerConsistentHash, review: Review): void => {
  const { httpCookie, minimumRingSize = 0, maglev, ringHash } = hash;
  if (httpCookie?.name === '') review.refuse('a cookie to hash needs a name', [httpCookie, 'name']);
  const names = new Set<string>();
  for (const attribute of httpCookie?.attributes ?? []) {
    if (attribute.name === '') review.refuse('a cookie attribute needs a name', [attribute, 'name']);
    else if (names.has(attribute.name)) {
      review.refuse(`cookie attribute ${attribute.name} is set twice`, [attribute, 'name']);
    }
    names.add(attribute.name);
  }
  if (minimumRingSize !== 0) {
    review.warn('minimumRingSize is deprecated: use ringHash.minimumRingSize', [hash, 'minimumRingSize', 'key']);
    if (maglev !== undefined || ringHash !== undefined) {
      const other = maglev === undefined ? 'ringHash' : 'maglev';
      review.refuse(`minimumRingSize and ${other} exclude each other`, [hash, 'minimumRingSize', 'key']);
    }
  }
  if (maglev === undefined) return;
  const size = maglev.tableSize ?? 0;
  if (size === 0) review.refuse('maglev needs a tableSize', [hash, 'maglev', 'key']);
  if (size >= MAGLEV_LIMIT) review.refuse(`tableSize must be below ${MAGLEV_LIMIT}`, [maglev, 'tableSize']);
  // Beyond the limit the answer would change nothing, and cost much.
  if (size < MAGLEV_LIMIT && !isPrime(size)) review.refuse('tableSize must be a prime number', [hash, 'maglev', 'key']);
};

export const reviewLoadBalancer = (
  balancer: LoadBalancer | undefined,
  outlier: OutlierDetection | undefined,
  review: Review,
): void => {
  if (balancer === undefined) return;
  const { consistentHash, localityLbSetting, zoneAwareLbSetting, warmup } = balancer;
  if (consistentHash !== undefined) reviewConsistentHash(consistentHash, review);
  if (localityLbSetting !== undefined && zoneAwareLbSetting !== undefined) {
    const at = [balancer, 'zoneAwareLbSetting', 'key'] as const;
    review.refuse('localityLbSetting and zoneAwareLbSetting exclude each other', at);
  }
  reviewLocality(localityLbSetting, outlier !== undefined, review);
  reviewZoneAware(zoneAwareLbSetting, outlier !== undefined, review);
  if (warmup === undefined) return;
  reviewDuration(warmup, 'duration', review);
  if ((warmup.minimumPercent ?? 0) > 100) review.refuse('minimumPercent is above 100', [warmup, 'minimumPercent']);
  if (warmup.aggression !== undefined && warmup.aggression <= 0) {
    review.refuse('aggression must be above 0', [warmup, 'aggression']);
  }
};

const reviewConfigMapCredential = (tls: ClientTls, namespace: string, review: Review): void => {
  const [, path] = /^configmap:\/\/(.*)$/s.exec(tls.credentialName ?? '') ?? [];
  if (path === undefined) return;
  const [owner = '', name = ''] = path.split('/');
  if (owner === '' || name === '') {
    review.refuse('a configmap:// credential needs a namespace and a name', [tls, 'credentialName']);
  } else if (owner !== namespace) {
    const message = `a configmap:// credential must be in the namespace of the object (${namespace})`;
    review.refuse(message, [tls, 'credentialName']);
  }
};

/** TLS towards a destination; files are looked for in the proxy, so that only their being named can be checked. */
export const reviewClientTls = (tls: ClientTls | undefined, namespace: string, review: Review): void => {
  if (tls === undefined) return;
  const { mode, credentialName = '', caCertificates = '', subjectAltNames = [] } = tls;
  reviewConfigMapCredential(tls, namespace, review);
  const verifies = caCertificates !== '' || subjectAltNames.length > 0 || (mode === 'SIMPLE' && credentialName !== '');
  if (tls.insecureSkipVerify === true && verifies && (mode === 'SIMPLE' || mode === 'MUTUAL')) {
    const message = 'insecureSkipVerify excludes what a certificate would be verified with';
    review.refuse(message, [tls, 'insecureSkipVerify', 'key']);
  }
  if (credentialName !== '' && (mode === 'SIMPLE' || mode === 'MUTUAL')) {
    const file = (['clientCertificate', 'caCertificates', 'privateKey', 'caCrl'] as const).find(
      (key) => (tls[key] ?? '') !== '',
    );
    if (file !== undefined) review.refuse(`credentialName and ${file} exclude each other`, [tls, file, 'key']);
    return;
  }
  if (mode !== 'MUTUAL') return;
  if ((tls.clientCertificate ?? '') === '') review.refuse('TLS mode MUTUAL needs a clientCertificate', [tls, 'mode']);
  if ((tls.privateKey ?? '') === '') review.refuse('TLS mode MUTUAL needs a privateKey', [tls, 'mode']);
};

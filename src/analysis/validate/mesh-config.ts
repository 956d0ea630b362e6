import { parseDuration } from '../../base/duration.ts';
import type { MeshConfig } from '../../model/mesh-config.ts';
import { proxyConfigProblems } from '../../model/proxy-config-rules.ts';
import type { ProxyConfig } from '../../model/schema/generated/types-mesh.ts';
import { isObject } from '../../model/value.ts';
import { reviewConnectionPool, reviewOutlierDetection } from './connection-policy.ts';
import { reviewLocality, reviewZoneAware } from './locality.ts';
import type { At, Review } from './review.ts';
import { isDnsLabel, isPort, refuseWildcardDomain } from './text-rules.ts';

const MAX_CONNECT_TIMEOUT_MS = 3_600_000;

/**
 * What istiod refuses of a mesh configuration beyond its structure. `config` has Istio's defaults filled in, so that a
 * place may be a default's and have no span; the caller then points at the whole.
 */
export const reviewMeshConfig = (config: MeshConfig, review: Review): void => {
  const { proxyListenPort } = config;
  if (proxyListenPort !== undefined && !isPort(proxyListenPort)) {
    review.refuse(`proxyListenPort ${proxyListenPort} is not from 1 to 65535`, [config, 'proxyListenPort']);
  }
  reviewTimeouts(config, review);
  reviewLocality(config.localityLbSetting, true, review);
  reviewZoneAware(config.zoneAwareLbSetting, true, review);
  reviewTrustDomains(config, review);
  for (const { hosts = [] } of config.serviceSettings ?? []) {
    hosts.forEach((host, index) => {
      const refusal = refuseWildcardDomain(host);
      if (refusal !== undefined) review.refuse(`serviceSettings: host "${host}" ${refusal}`, [hosts, index]);
    });
  }
  if ((config.meshMTLS?.ecdhCurves ?? []).length > 0) {
    review.refuse('meshMTLS knows no ecdhCurves', [config.meshMTLS ?? config, 'ecdhCurves', 'key'], 'use tlsDefaults');
  }
  reviewCurves(config, review);
  reviewProxyDefaults(config, review);
  const { connectionPool, outlierDetection } = config.defaultTrafficPolicy ?? {};
  reviewConnectionPool(config.defaultTrafficPolicy ?? config, 'connectionPool', connectionPool, review);
  reviewOutlierDetection(outlierDetection, review);
};

const reviewTimeouts = (config: MeshConfig, review: Review): void => {
  const connect = parseDuration(config.connectTimeout) ?? 0;
  if (connect < 1 || connect > MAX_CONNECT_TIMEOUT_MS || !Number.isInteger(connect)) {
    const message = `connectTimeout ${config.connectTimeout} is not a number of milliseconds from 1ms to 1h`;
    review.refuse(message, [config, 'connectTimeout']);
  }
  if (!Number.isInteger(parseDuration(config.protocolDetectionTimeout) ?? 0)) {
    const message = `protocolDetectionTimeout ${config.protocolDetectionTimeout} is not a whole number of milliseconds`;
    review.refuse(message, [config, 'protocolDetectionTimeout']);
  }
};

/** A trust domain may be any number of labels, all-numeric ones too. */
const isTrustDomain = (text: string): boolean =>
  text !== '' &&
  text.split('.').every((label, index, all) => isDnsLabel(label) || (label === '' && index === all.length - 1));

const reviewTrustDomains = (config: MeshConfig, review: Review): void => {
  if (!isTrustDomain(config.trustDomain)) {
    review.refuse(`trustDomain "${config.trustDomain}" is no domain name`, [config, 'trustDomain']);
  }
  const { trustDomainAliases = [] } = config;
  trustDomainAliases.forEach((alias, index) => {
    if (!isTrustDomain(alias)) review.refuse(`trust domain "${alias}" is no domain name`, [trustDomainAliases, index]);
  });
};

const CURVES: ReadonlySet<string> = new Set(
  'P-224 P-256 P-521 P-384 X25519 X25519Kyber768Draft00 X25519MLKEM768'.split(' '),
);

const reviewCurves = (config: MeshConfig, review: Review): void => {
  const curves = config.tlsDefaults?.ecdhCurves ?? [];
  curves.forEach((curve, index) => {
    if (curve !== '' && !CURVES.has(curve)) review.warn(`ECDH curve ${curve} is not known`, [curves, index]);
    else if (curves.indexOf(curve) !== index) review.warn(`ECDH curve ${curve} is named twice`, [curves, index]);
  });
};

/** Istio's defaults of what heddle does not read. */
const UNREAD: ProxyConfig = {
  binaryPath: '/usr/local/bin/envoy',
  configPath: './etc/istio/proxy',
  discoveryAddress: 'istiod.istio-system.svc:15012',
  serviceCluster: 'istio-proxy',
};

const reviewProxyDefaults = (config: MeshConfig, review: Review): void => {
  const { defaultConfig } = config;
  for (const { path, message } of proxyConfigProblems({ ...UNREAD, ...defaultConfig })) {
    const holder = path.slice(0, -1).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), defaultConfig);
    const at: At = isObject(holder) ? [holder, path.at(-1)] : [config, 'defaultConfig'];
    review.refuse(`defaultConfig.${message}`, at);
  }
  const { proxyMetadata = {} } = defaultConfig;
  if (Object.hasOwn(proxyMetadata, 'ISTIO_META_DNS_AUTO_ALLOCATE')) {
    const message = 'ISTIO_META_DNS_AUTO_ALLOCATE is deprecated: istiod allocates addresses itself';
    review.warn(message, [proxyMetadata, 'ISTIO_META_DNS_AUTO_ALLOCATE', 'key']);
  }
};

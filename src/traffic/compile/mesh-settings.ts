import { parseDuration } from '../../base/duration.ts';
import type { Mesh } from '../../model/mesh.ts';
import type {
  ConnectionPool,
  LoadBalancerLocalityLbSetting,
  OutlierDetection,
} from '../../model/schema/generated/types-istio.ts';
import type { PathNormalization } from '../path.ts';
import type { RetryPolicy } from '../tables.ts';
import type { Report } from './report.ts';
import { compileRetries, DEFAULT_RETRY } from './rule-policies.ts';

/** What the mesh configuration decides about every proxy. */
export interface MeshSettings {
  readonly trustDomain: string;
  /** The mesh's own and its aliases. */
  readonly trustDomains: readonly string[];
  readonly rootNamespace: string;
  readonly autoMtls: boolean;
  readonly connectTimeoutMs: number;
  /** HTTP ports are spoken to in HTTP/2 where no rule says otherwise. */
  readonly upgradesHttp: boolean;
  /** Of routes that name no policy; undefined when the mesh switches retries off. */
  readonly defaultRetry: RetryPolicy | undefined;
  readonly unknown: 'passthrough' | 'blackhole';
  readonly pathNormalization: PathNormalization;
  /** Of clusters whose rule has none. */
  readonly localityLbSetting: LoadBalancerLocalityLbSetting;
  /** Of clusters whose rule has none. */
  readonly connectionPool: ConnectionPool | undefined;
  /** Of clusters whose rule has none. */
  readonly outlierDetection: OutlierDetection | undefined;
  readonly serviceExportTo: readonly string[];
  readonly virtualServiceExportTo: readonly string[];
  readonly destinationRuleExportTo: readonly string[];
}

/** Reads the settings; a retry policy that Istio would refuse is reported on the object that holds it. */
export const readMeshSettings = (mesh: Mesh, report: Report): MeshSettings => {
  const { config } = mesh;
  const holder = mesh.find('ConfigMap', 'istio-system', 'istio') ?? mesh.of('IstioOperator')[0];
  return {
    trustDomain: config.trustDomain,
    trustDomains: [config.trustDomain, ...(config.trustDomainAliases ?? [])],
    rootNamespace: config.rootNamespace,
    autoMtls: config.enableAutoMtls,
    connectTimeoutMs: parseDuration(config.connectTimeout) ?? 10_000,
    upgradesHttp: config.h2UpgradePolicy === 'UPGRADE',
    defaultRetry:
      holder === undefined
        ? DEFAULT_RETRY
        : compileRetries(holder, config.defaultHttpRetryPolicy, DEFAULT_RETRY, report),
    unknown: config.outboundTrafficPolicy.mode === 'REGISTRY_ONLY' ? 'blackhole' : 'passthrough',
    pathNormalization: config.pathNormalization.normalization,
    localityLbSetting: config.localityLbSetting,
    connectionPool: config.defaultTrafficPolicy?.connectionPool,
    outlierDetection: config.defaultTrafficPolicy?.outlierDetection,
    serviceExportTo: config.defaultServiceExportTo,
    virtualServiceExportTo: config.defaultVirtualServiceExportTo,
    destinationRuleExportTo: config.defaultDestinationRuleExportTo,
  };
};

import { describe, expect, it } from 'vitest';
import { reviewMeshConfigValue } from '../../../src/analysis/validate/mesh-config-value.ts';
import { loadMeshProto } from '../../../src/model/typed/load.ts';
import { settleMeshConfig } from '../../../src/model/typed/mesh-config.ts';

const proto = await loadMeshProto();
const review = (value: unknown): readonly string[] =>
  reviewMeshConfigValue(settleMeshConfig(proto, value).value).map(
    ({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`,
  );

describe('reviewMeshConfigValue', () => {
  it.each([
    [{}],
    [{ trustDomain: 'example.org.', proxyListenPort: 1, protocolDetectionTimeout: '0s' }],
    [{ serviceSettings: [{ hosts: ['*.example.org', '*'] }] }],
    [{ localityLbSetting: { distribute: [{ from: 'a/*', to: { 'a/*': 100 } }] } }],
    [{ defaultConfig: { tracingServiceName: 'CANONICAL_NAME_ONLY' } }],
    [{ extensionProviders: [{ name: 'a' }] }],
  ])('finds nothing in %j', (value) => expect(review(value)).toEqual([]));

  it.each([
    [{ proxyListenPort: 0 }, 'error proxyListenPort: proxyListenPort 0'],
    [{ proxyListenPort: 70000 }, 'error proxyListenPort: proxyListenPort 70000'],
    [{ connectTimeout: '0s' }, 'error connectTimeout: connectTimeout 0s'],
    [{ protocolDetectionTimeout: '0.0001s' }, 'error protocolDetectionTimeout: '],
    [{ trustDomain: '' }, 'error trustDomain: trustDomain ""'],
    [{ trustDomainAliases: ['a', 'b_c'] }, 'error trustDomainAliases.1: '],
    [{ serviceSettings: [{ hosts: ['a', 'b_'] }] }, 'error serviceSettings.0.hosts.1: '],
    [{ meshMTLS: { ecdhCurves: ['P-256'] } }, 'error meshMTLS.ecdhCurves: '],
    [{ tlsDefaults: { ecdhCurves: ['P-1'] } }, 'warning tlsDefaults.ecdhCurves.0: '],
    [{ defaultConfig: { configPath: '' } }, 'error defaultConfig.configPath: '],
    [{ defaultConfig: { drainDuration: '1.5s' } }, 'error defaultConfig.drainDuration: '],
    [{ defaultConfig: { tracing: { zipkin: {} } } }, 'error defaultConfig.tracing.zipkin.address: '],
    [
      { defaultConfig: { connectionSettings: { httpMaxConcurrentStreams: 0 } } },
      'error defaultConfig.connectionSettings.',
    ],
    [
      { defaultConfig: { proxyMetadata: { ISTIO_META_DNS_AUTO_ALLOCATE: 'true' } } },
      'warning defaultConfig.proxyMetadata.',
    ],
    [{ defaultTrafficPolicy: { connectionPool: {} } }, 'error defaultTrafficPolicy.connectionPool: '],
    [
      { defaultTrafficPolicy: { connectionPool: { http: { maxRetries: -1 } } } },
      'error defaultTrafficPolicy.connectionPool.http',
    ],
    [
      { defaultTrafficPolicy: { outlierDetection: { minHealthPercent: 101 } } },
      'error defaultTrafficPolicy.outlierDetection',
    ],
    [{ zoneAwareLbSetting: { failover: [{ from: 'a', to: 'a' }] } }, 'error zoneAwareLbSetting.failover'],
  ])('finds what is wrong in %j', (value, start) => {
    const found = review(value);
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, start.length)).toBe(start);
  });
});

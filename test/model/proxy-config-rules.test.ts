import { describe, expect, it } from 'vitest';
import { proxyConfigProblems } from '../../src/model/proxy-config-rules.ts';
import { loadMeshProto } from '../../src/model/typed/load.ts';
import { defaultProxyConfig, mergeProxyConfig } from '../../src/model/typed/proxy-config.ts';

const mesh = await loadMeshProto();
const problemsOf = (value: unknown) =>
  proxyConfigProblems(mergeProxyConfig(mesh, defaultProxyConfig(mesh), value).value).map(({ message }) => message);

describe('proxyConfigProblems', () => {
  it.each([
    [{}],
    [{ discoveryAddress: 'istiod:15012', statusPort: 1, drainDuration: '1m' }],
    [{ discoveryAddress: '[::1]:15012' }],
    [{ tracing: { zipkin: { address: '$(HOST_IP):9411' } } }],
    [{ tracing: { lightstep: { address: 'a:1', accessToken: 'b' } } }],
    [{ tracingServiceName: 'CANONICAL_NAME_ONLY' }],
    [{ privateKeyProvider: { cryptomb: { pollDelay: '0.010s' } } }],
    [{ tracing: { tlsSettings: { mode: 'ISTIO_MUTUAL' } } }],
    [{ tracing: { tlsSettings: { mode: 'MUTUAL', credentialName: 'a', insecureSkipVerify: true } } }],
    [{ tracing: { tlsSettings: { mode: 'MUTUAL', clientCertificate: 'a', privateKey: 'b' } } }],
    [{ connectionSettings: { httpIdleTimeout: '0s', http2InitialStreamWindowSize: 65535 } }],
    [{ connectionSettings: { httpMaxConcurrentStreams: 1, listenerPerConnectionBufferLimitBytes: 0 } }],
  ])('accepts %j', (value) => expect(problemsOf(value)).toEqual([]));

  it.each([
    [{ configPath: '' }, 'configPath must not be empty'],
    [{ serviceCluster: '' }, 'serviceCluster or tracingServiceName must be set'],
    [{ drainDuration: '1.5s' }, 'drainDuration must be a duration of whole seconds, more than 0s'],
    [{ drainDuration: '0s' }, 'drainDuration must be a duration of whole seconds, more than 0s'],
    [{ discoveryAddress: 'istiod' }, 'discoveryAddress must be an address such as istiod.istio-system.svc:15012'],
    [{ discoveryAddress: 'a_b:1' }, 'discoveryAddress must be an address such as istiod.istio-system.svc:15012'],
    [{ statusPort: 0 }, 'statusPort must be a port from 1 to 65535'],
    [{ proxyAdminPort: 70000 }, 'proxyAdminPort must be a port from 1 to 65535'],
    [{ tracing: { zipkin: {} } }, 'tracing.zipkin.address must be an address such as istiod.istio-system.svc:15012'],
    [{ tracing: { lightstep: { address: 'a:1' } } }, 'tracing.lightstep.accessToken must not be empty'],
    [{ statsdUdpAddress: '10.0.0.1' }, 'statsdUdpAddress must be an address such as istiod.istio-system.svc:15012'],
    [
      { privateKeyProvider: { qat: { pollDelay: '0s' } } },
      'privateKeyProvider.qat.pollDelay must be a duration other than 0s',
    ],
    [{ privateKeyProvider: {} }, 'privateKeyProvider must have cryptomb or qat'],
    [
      { tracing: { tlsSettings: { credentialName: 'configmap://ns/a' } } },
      'tracing.tlsSettings cannot name a credential in a ConfigMap',
    ],
    [
      { tracing: { tlsSettings: { mode: 'SIMPLE', credentialName: 'a', insecureSkipVerify: true } } },
      'tracing.tlsSettings cannot have both insecureSkipVerify and credentialName',
    ],
    [
      { tracing: { tlsSettings: { mode: 'SIMPLE', credentialName: 'a', caCrl: 'b' } } },
      'tracing.tlsSettings cannot have both credentialName and caCrl',
    ],
    [
      { tracing: { tlsSettings: { mode: 'MUTUAL', clientCertificate: 'a' } } },
      'tracing.tlsSettings must have a privateKey in mode MUTUAL',
    ],
    [{ connectionSettings: { httpIdleTimeout: '-1s' } }, 'connectionSettings.httpIdleTimeout must not be negative'],
    [
      { connectionSettings: { http2InitialConnectionWindowSize: 1 } },
      'connectionSettings.http2InitialConnectionWindowSize must be at least 65535',
    ],
    [
      { connectionSettings: { listenerConnectionLimit: 0 } },
      'connectionSettings.listenerConnectionLimit must be at least 1',
    ],
  ])('refuses %j', (value, problem) => expect(problemsOf(value)).toEqual([problem]));
});

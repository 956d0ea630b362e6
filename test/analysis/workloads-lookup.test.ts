import { describe, expect, it } from 'vitest';
import { loadInput } from '../../src/analysis/input.ts';
import { refuseAnnotationValue } from '../../src/analysis/lookup/annotation-values.ts';
import { injectedImage, injectorConfigName, isEnabledByDefault } from '../../src/analysis/lookup/injector.ts';
import { readProxyConfig } from '../../src/analysis/lookup/proxy-config.ts';
import { hostOfUrl } from '../../src/analysis/lookup/url-host.ts';

describe('refuseAnnotationValue', () => {
  it.each([
    ['readiness.status.sidecar.istio.io/periodSeconds', '10', '+1'],
    ['readiness.status.sidecar.istio.io/failureThreshold', '4294967295', '4294967296'],
    ['status.sidecar.istio.io/port', ' 15020 ', '65536'],
    ['traffic.sidecar.istio.io/includeInboundPorts', '*', '80,*'],
    ['traffic.sidecar.istio.io/excludeInboundPorts', ' 80, 81 ', '*'],
    ['traffic.sidecar.istio.io/excludeOutboundPorts', '', '80,'],
    ['traffic.sidecar.istio.io/includeOutboundIPRanges', '*', '10.0.0.1'],
    ['traffic.sidecar.istio.io/excludeOutboundIPRanges', '10.0.0.0/8,fd00::/8', '10.0.0.0/8, 10.1.0.0/16'],
    ['traffic.sidecar.istio.io/excludeInterfaces', 'net1, eth0.5', 'a-name-of-sixteen'],
    ['istio.io/reroute-virtual-interfaces', '', 'net1,'],
    ['prometheus.istio.io/merge-metrics', 'F', 'no'],
    ['sidecar.istio.io/interceptionMode', 'NONE', 'none'],
    ['sidecar.istio.io/proxyCPU', '100m', '100 m'],
    ['sidecar.istio.io/proxyMemoryLimit', '1.5Gi', ''],
  ])('%s takes %j and not %j', (name, good, bad) => {
    expect(refuseAnnotationValue(name, good)).toBeUndefined();
    expect(refuseAnnotationValue(name, bad)).toMatch(/ is (no|none|neither) /);
  });

  it('has no opinion on annotations without a rule', () => {
    expect(refuseAnnotationValue('sidecar.istio.io/proxyImage', '???')).toBeUndefined();
  });
});

describe('readProxyConfig', () => {
  it('reads a ProxyConfig and passes over fields it does not know', () => {
    expect(readProxyConfig('image: {imageType: distroless}\nnovelty: 1')).toMatchObject({
      config: { image: { imageType: 'distroless' } },
    });
    expect(readProxyConfig('{}')).toMatchObject({ config: {} });
    expect(readProxyConfig('')).toMatchObject({ config: {} });
  });

  it('says what is wrong with syntax, shape and types', () => {
    expect(readProxyConfig('a: [').problem).toBeTruthy();
    expect(readProxyConfig('- 1').problem).toBe('it must be a mapping of ProxyConfig fields');
    expect(readProxyConfig('concurrency: many').problem).toMatch(/concurrency/);
  });
});

describe('hostOfUrl', () => {
  it.each([
    ['https://istiod.example.com:15017/inject', 'istiod.example.com'],
    ['https://192.0.2.1/inject?a=%zz', '192.0.2.1'],
    ['https://user:secret@[2001:db8::1]:443/', '2001:db8::1'],
    ['istiod:15017/inject', ''],
    ['/inject', ''],
    ['', ''],
  ])('finds in %j the host %j', (text, host) => {
    expect(hostOfUrl(text)).toBe(host);
  });

  it.each([
    '192.0.2.1:15017/inject',
    ':443',
    'https://a b/',
    'https://a:port/',
    'https://a/%zz',
    'https://a\n/',
    'https://[::1',
  ])('refuses %j', (text) => {
    expect(hostOfUrl(text)).toBeUndefined();
  });
});

describe('the configuration of an injector', () => {
  const config = async (values: string) => {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio-sidecar-injector' },
      data: { values },
    });
    const [found] = (await loadInput([{ name: 'a.json', text }])).input.mesh.of('ConfigMap');
    if (found === undefined) throw new Error('no ConfigMap');
    return found;
  };

  it('names the image by hub and tag unless it is complete', async () => {
    const parts = await config('{"global":{"hub":"h","tag":1.5,"proxy":{"image":"p"}}}');
    const complete = await config('{"global":{"hub":"h","proxy":{"image":"r/p:2"}}}');
    expect([injectedImage(parts), injectedImage(complete)]).toEqual(['h/p:1.5', 'r/p:2']);
  });

  it('is that of an injector which asks for labels when it cannot be read', async () => {
    for (const values of ['', '{', '[]', 'null', '{"sidecarInjectorWebhook":1}'])
      expect(isEnabledByDefault(await config(values))).toBe(false);
    expect(isEnabledByDefault(await config('{"sidecarInjectorWebhook":{"enableNamespacesByDefault":true}}'))).toBe(
      true,
    );
  });

  it('has the revision in its name, save the default one', () => {
    expect(['', 'default', 'canary'].map(injectorConfigName)).toEqual([
      'istio-sidecar-injector',
      'istio-sidecar-injector',
      'istio-sidecar-injector-canary',
    ]);
  });
});

import { expect, test } from 'vitest';
import { formatSpan } from '../../src/base/span.ts';
import { buildMesh } from '../../src/model/mesh.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const read = async (text: string) => {
  const { mesh, problems } = await buildMesh(loadYaml({ name: 'in.yaml', text }).documents);
  return {
    config: mesh.config,
    lines: problems.map((problem) =>
      [problem.span && formatSpan(problem.span), problem.severity, problem.code, problem.message].join(' | '),
    ),
  };
};

test('without a mesh configuration the defaults of Istio hold', async () => {
  const { config, lines } = await read('apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n');
  expect(lines).toEqual([]);
  expect(config).toMatchObject({
    trustDomain: 'cluster.local',
    enableAutoMtls: true,
    outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
    pathNormalization: { normalization: 'BASE' },
    connectTimeout: '10s',
    accessLogFile: '',
    rootNamespace: 'istio-system',
    ingressService: 'istio-ingressgateway',
  });
});

test('fields of the ConfigMap replace defaults whole, proxy defaults merge and providers merge by name', async () => {
  const { config, lines } = await read(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: example.org
    accessLogFile: /dev/stdout
    outboundTrafficPolicy: {mode: REGISTRY_ONLY}
    localityLbSetting: {failoverPriority: [app]}
    defaultConfig:
      holdApplicationUntilProxyStarts: true
    extensionProviders:
    - name: envoy
      envoyFileAccessLog: {path: /tmp/log}
    - name: authz
      envoyExtAuthzHttp: {service: authz.default.svc.cluster.local, port: 80}
`);
  expect(lines).toEqual([]);
  expect(config.trustDomain).toBe('example.org');
  expect(config.outboundTrafficPolicy.mode).toBe('REGISTRY_ONLY');
  expect(config.localityLbSetting).toEqual({ failoverPriority: ['app'] });
  expect(config.defaultConfig).toMatchObject({ holdApplicationUntilProxyStarts: true, drainDuration: '45s' });
  expect(config.extensionProviders.map(({ name }) => name)).toEqual(['prometheus', 'stackdriver', 'envoy', 'authz']);
  expect(config.extensionProviders[2]?.envoyFileAccessLog?.path).toBe('/tmp/log');
});

test('an outbound policy without mode refuses unknown destinations, a normalization without type is BASE', async () => {
  const { config } = await read(`apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig:
    outboundTrafficPolicy: {}
    pathNormalization: {normalization: DEFAULT}
`);
  expect(config.outboundTrafficPolicy.mode).toBe('REGISTRY_ONLY');
  expect(config.pathNormalization.normalization).toBe('BASE');
});

test('mistakes inside a literal block point at their own line and column of the file', async () => {
  const { config, lines } = await read(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    # a comment
    trustDomian: a
    connectTimeout: 5
    outboundTrafficPolicy:
      mode: ALLOW
    tlsDefaults: {}
    dnsRefreshRate: 5s
`);
  expect(lines).toEqual([
    'in.yaml:7:5 | error | UNKNOWN_FIELD | mesh configuration: unknown field "trustDomian"',
    'in.yaml:8:21 | error | WRONG_TYPE | mesh configuration: connectTimeout must be a string, not 5',
    'in.yaml:10:13 | error | BAD_ENUM | mesh configuration: outboundTrafficPolicy.mode is "ALLOW"; it must be REGISTRY_ONLY, ALLOW_ANY or ALLOW_ANY_DYNAMIC_DNS',
    'in.yaml:11:5 | warning | UNSUPPORTED_FIELD | mesh configuration: tlsDefaults is not supported and has no effect',
    'in.yaml:12:5 | info | UNSUPPORTED_FIELD | mesh configuration: dnsRefreshRate concerns a real installation only',
  ]);
  expect(config.connectTimeout).toBe('10s');
});

test('mistakes inside a quoted scalar point at the scalar, and broken YAML is told', async () => {
  const { lines } = await read(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: 'nonsense: 1'
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: elsewhere}
data:
  mesh: 'ignored: 1'
`);
  expect(lines).toEqual(['in.yaml:5:9 | error | UNKNOWN_FIELD | mesh configuration: unknown field "nonsense"']);
  const broken = await read(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    a: [
`);
  expect(broken.lines).toHaveLength(1);
  expect(broken.lines[0]).toContain('YAML_SYNTAX');
});

test('fields may go by their snake_case names', async () => {
  const { config, lines } = await read(`apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trust_domain: example.org
    outbound_traffic_policy: {mode: REGISTRY_ONLY}
`);
  expect(lines).toEqual([]);
  expect(config.trustDomain).toBe('example.org');
  expect(config.outboundTrafficPolicy.mode).toBe('REGISTRY_ONLY');
});

import { describe, expect, it } from 'vitest';
import { compileText } from '../compile-text.ts';

const mesh = (port: string, pool: string, config: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: '${config}'}
---
apiVersion: v1
kind: Pod
metadata: {name: s-0, labels: {app: s}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: s}, ports: [{${port}, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s}
spec: {host: s, trafficPolicy: {connectionPool: {http: {maxRetries: 5${pool}}}}}
`;

const protocols = async (port: string, pool = '', config = '{}') => {
  const { proxies } = await compileText(mesh(port, pool, config));
  const clusters = proxies.get('default/s-0')?.clusters;
  const of = (name: string) => clusters?.get(name)?.http ?? 'HTTP/1.1';
  return [of('outbound|80||s.default.svc.cluster.local'), of('inbound|8080||')];
};

const UPGRADE = '{"h2UpgradePolicy":"UPGRADE"}';

describe('what a sidecar speaks', () => {
  it.each([
    ['name: http', 'HTTP/1.1', 'HTTP/1.1'],
    ['name: grpc', 'http2', 'http2'],
    ['name: web', 'same', 'same'],
  ])('with a backend and with its application, on a port with %s', async (port, outbound, inbound) => {
    expect(await protocols(port)).toEqual([outbound, inbound]);
  });

  it.each([
    ['a rule upgrades', 'name: http', ', h2UpgradePolicy: UPGRADE', '{}', 'http2'],
    ['a rule upgrades what follows the client', 'name: web', ', h2UpgradePolicy: UPGRADE', '{}', 'same'],
    ['the mesh upgrades', 'name: http', '', UPGRADE, 'http2'],
    ['the mesh upgrades and a rule does not', 'name: http', ', h2UpgradePolicy: DO_NOT_UPGRADE', UPGRADE, 'HTTP/1.1'],
    ['the mesh upgrades and a rule follows the client', 'name: http', ', useClientProtocol: true', UPGRADE, 'same'],
    ['a rule follows the client on a port of gRPC', 'name: grpc', ', useClientProtocol: true', '{}', 'same'],
  ])('where %s', async (_what, port, pool, config, outbound) => {
    expect((await protocols(port, pool, config))[0]).toBe(outbound);
  });
});

import { expect, test } from 'vitest';
import { buildMesh } from '../../src/model/mesh.ts';
import { resourceId } from '../../src/model/resource.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const load = (text: string, name = 'in.yaml') => loadYaml({ name, text }).documents;

test('objects are found by kind, namespace and name whatever version they were written in', async () => {
  const { mesh } = await buildMesh(
    load(`apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [x]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: b, namespace: shop}
spec: {hosts: [z]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
`),
  );
  expect(mesh.of('VirtualService').map(({ object }) => object.spec?.hosts)).toEqual([['x'], ['z']]);
  expect(mesh.find('VirtualService', 'shop', 'b')?.order).toBe(1);
  expect(mesh.find('VirtualService', 'shop', 'a')).toBeUndefined();
  expect(mesh.namespaceLabels('shop')).toEqual({ 'istio-injection': 'enabled' });
  expect(mesh.namespaceLabels('nowhere')).toEqual({});
});

test('of two objects with one identity the later content counts at the age of the first', async () => {
  const { mesh, problems } = await buildMesh(
    load(`apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {k: old}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {k: new}
`),
  );
  expect(mesh.of('ConfigMap').map(({ name, order, object }) => [name, order, object.data?.['k']])).toEqual([
    ['a', 0, 'new'],
    ['b', 1, undefined],
  ]);
  expect(problems).toMatchObject([
    {
      severity: 'warning',
      code: 'DUPLICATE_RESOURCE',
      message: 'ConfigMap default/a is also defined at in.yaml:1; this one replaces it',
      span: { line: 10 },
    },
  ]);
});

test('defaults give way to objects of the input and are older than all of it', async () => {
  const defaults = load(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\n',
    'built-in',
  );
  const { mesh, problems } = await buildMesh(load('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'), {
    defaults,
  });
  expect(problems).toEqual([]);
  expect(mesh.resources.map(({ name, span }) => [name, span.file])).toEqual([
    ['z', 'built-in'],
    ['a', 'in.yaml'],
  ]);
});

test('an object with an error is left out and the others stay', async () => {
  const { mesh, problems } = await buildMesh(
    load(`apiVersion: v1
kind: Service
metadata: {name: broken}
spec: {ports: 80}
---
apiVersion: v1
kind: Service
metadata: {name: sound}
`),
  );
  expect(mesh.resources.map(resourceId)).toEqual(['Service default/sound']);
  expect(problems).toMatchObject([{ code: 'WRONG_TYPE', resource: 'Service default/broken' }]);
});

test('a Gateway of class istio brings the Deployment and Service its controller would create', async () => {
  const { mesh } = await buildMesh(
    load(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: edge}
spec:
  gatewayClassName: istio
  infrastructure: {labels: {team: a}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: other, port: 80, protocol: HTTP, hostname: a.com}
  - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: foreign}
spec: {gatewayClassName: nginx, listeners: [{name: http, port: 80, protocol: HTTP}]}
`),
  );
  expect(mesh.resources.map(resourceId)).toEqual([
    'Gateway edge/gw',
    'Gateway default/foreign',
    'Deployment edge/gw-istio',
    'Service edge/gw-istio',
  ]);
  const service = mesh.find('Service', 'edge', 'gw-istio');
  expect(service?.object.spec?.selector).toEqual({ 'gateway.networking.k8s.io/gateway-name': 'gw' });
  expect(service?.object.spec?.ports?.map(({ name, port }) => `${name} ${port}`)).toEqual([
    'status-port 15021',
    'http 80',
    'tls 443',
  ]);
  expect(mesh.find('Deployment', 'edge', 'gw-istio')?.object.spec?.template.metadata?.labels).toMatchObject({
    team: 'a',
    'gateway.networking.k8s.io/gateway-name': 'gw',
  });
});

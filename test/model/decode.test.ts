import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSpan } from '../../src/base/span.ts';
import { type DecodeOptions, decodeDocuments } from '../../src/model/decode.ts';
import { KINDS } from '../../src/model/kinds.ts';
import { servedVersions } from '../../src/model/metadata.ts';
import { resourceId } from '../../src/model/resource.ts';
import type { HTTPRoute } from '../../src/model/schema/generated/types-gateway-api.ts';
import type { ConfigMap, Pod as PodObject } from '../../src/model/schema/generated/types-kubernetes.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { spanOf } from '../../src/yaml/located.ts';

const decode = async (text: string, options?: DecodeOptions) => {
  const { resources, problems } = await decodeDocuments(loadYaml({ name: 'in.yaml', text }).documents, options);
  return {
    resources,
    problems,
    ids: resources.map(resourceId),
    lines: problems.map(({ severity, code, message, span, hint }) =>
      [span && formatSpan(span), severity, code, message, hint].filter((part) => part !== undefined).join(' | '),
    ),
  };
};

test('a misspelt field is an error at its key and names the one that was meant', async () => {
  const { lines, ids, problems } = await decode(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - rout:
    - destination:
        host: reviews
`);
  expect(lines).toEqual([
    'in.yaml:8:5 | error | UNKNOWN_FIELD | unknown field "spec.http[0].rout" | did you mean "route"?',
  ]);
  expect(problems[0]?.resource).toBe('VirtualService default/reviews');
  expect(ids).toEqual([]);
});

test('unknown fields may be warnings, and then the object stays', async () => {
  const { lines, ids } = await decode(
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports: [{port: 80, targetport: 8080}]\n',
    { unknownFields: 'warning' },
  );
  expect(lines).toEqual([
    'in.yaml:5:22 | warning | UNKNOWN_FIELD | unknown field "spec.ports[0].targetport" | did you mean "targetPort"?',
  ]);
  expect(ids).toEqual(['Service default/a']);
});

test('a value of the wrong type says what it is and how to write it', async () => {
  const { lines } = await decode(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    version: 1
spec:
  replicas: "2"
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        name: web
`);
  expect(lines).toEqual([
    'in.yaml:6:14 | error | WRONG_TYPE | metadata.labels.version must be a string, not 1 | put it in quotes: "1"',
    'in.yaml:8:13 | error | WRONG_TYPE | spec.replicas must be an integer, not "2" | write 2 without quotes',
    'in.yaml:16:9 | error | WRONG_TYPE | spec.template.spec.containers must be a list, not a mapping | begin it with "- "',
  ]);
});

test('a missing required field points at the object that lacks it', async () => {
  const { lines } = await decode(`apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
`);
  expect(lines).toEqual(['in.yaml:6:5 | error | MISSING_FIELD | spec.servers[0].hosts is missing']);
});

test('a word outside an enum lists the words that are allowed', async () => {
  const { lines } = await decode(
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nspec:\n  mtls: {mode: STRCT}\n',
  );
  expect(lines).toEqual([
    'in.yaml:5:16 | error | BAD_ENUM | spec.mtls.mode is "STRCT"; it must be UNSET, DISABLE, PERMISSIVE or STRICT | did you mean "STRICT"?',
  ]);
});

test('fields that exclude each other are an error at the second one', async () => {
  const { lines } = await decode(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  trafficPolicy:
    loadBalancer:
      simple: RANDOM
      consistentHash: {useSourceIp: true}
`);
  expect(lines).toEqual([
    'in.yaml:9:7 | error | CONFLICTING_FIELDS | spec.trafficPolicy.loadBalancer sets simple and consistentHash, which exclude each other',
  ]);
});

test('bounds, durations, quantities and unique list entries are checked', async () => {
  const { lines } = await decode(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - timeout: 0s
    retries: {attempts: 3000000000}
    route: [{destination: {host: a}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: http, port: 99999, protocol: HTTP}
`);
  expect(lines).toEqual([
    'in.yaml:7:14 | error | BAD_VALUE | spec.http[0].timeout is "0s"; it must be a duration of at least 1ms, such as "10s"',
    'in.yaml:8:25 | error | BAD_VALUE | spec.http[0].retries.attempts is 3000000000; it must fit in 32 bits',
    'in.yaml:18:5 | error | BAD_VALUE | spec.listeners has two entries with name "http"',
    'in.yaml:18:24 | error | BAD_VALUE | spec.listeners[1].port is 99999; it must be at most 65535',
  ]);
});

test('defaults of a CRD are added without moving what was written', async () => {
  const { resources, problems } = await decode(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs:
    - name: a
      port: 80
`);
  expect(problems).toEqual([]);
  const route = resources[0]?.object as HTTPRoute | undefined;
  const rule = route?.spec.rules?.[0];
  expect(rule?.matches).toEqual([{ path: { type: 'PathPrefix', value: '/' } }]);
  const backend = rule?.backendRefs?.[0];
  expect(backend).toMatchObject({ group: '', kind: 'Service', name: 'a', port: 80, weight: 1 });
  expect(route?.spec.parentRefs?.[0]).toMatchObject({ group: 'gateway.networking.k8s.io', kind: 'Gateway' });
  expect(backend && spanOf(backend, 'port')).toMatchObject({ line: 9, column: 13 });
});

test('null means absent where the schema or Kubernetes says so', async () => {
  const { lines, resources } = await decode(`apiVersion: v1
kind: Pod
metadata: {name: a, creationTimestamp: null}
spec:
  nodeName: null
  containers: [{name: a}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: null
`);
  expect(lines).toEqual([
    'in.yaml:11:7 | error | WRONG_TYPE | spec must be a mapping, not null | give it a value or remove the key',
  ]);
  expect(Object.keys((resources[0]?.object as PodObject | undefined)?.spec ?? {})).toEqual(['containers']);
});

test('every served version of a kind is read, and others are told what to write', async () => {
  const { lines, ids } = await decode(`apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: a}
spec: {hosts: [a]}
---
apiVersion: networking.istio.io/v2
kind: VirtualService
metadata: {name: b}
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata: {name: c}
---
apiVersion: networking.istio.io/v1
kind: VirtualServce
metadata: {name: d}
`);
  expect(ids).toEqual(['VirtualService default/a']);
  expect(lines).toEqual([
    'in.yaml:6:13 | error | UNSERVED_VERSION | networking.istio.io/v2 is not a served version of VirtualService | use apiVersion: networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3',
    'in.yaml:10:13 | error | UNSERVED_VERSION | extensions/v1beta1 has no kind Deployment | use apiVersion: apps/v1',
    'in.yaml:15:7 | error | UNKNOWN_KIND | networking.istio.io/v1 has no kind VirtualServce | did you mean "VirtualService"?',
  ]);
});

test('kinds heddle does not know pass untouched', async () => {
  const { resources, problems } = await decode(
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: Fn, namespace: x}\nspec: {anything: [1]}\n',
  );
  expect(problems).toEqual([]);
  expect(resources[0]).toMatchObject({
    kind: 'Service',
    name: 'Fn',
    namespace: 'x',
    object: { spec: { anything: [1] } },
  });
});

test('a List counts as its items', async () => {
  const { ids, resources } = await decode(`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: shop, namespace: ignored}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: a, namespace: shop}
`);
  expect(ids).toEqual(['Namespace shop', 'ServiceAccount shop/a']);
  expect(resources[1]?.span.line).toBe(7);
});

test('apiVersion, kind and a valid name are needed', async () => {
  const { lines, ids } = await decode(`kind: Service
metadata: {name: a}
---
apiVersion: v1
kind: Service
metadata: {name: 1st}
---
apiVersion: v1
kind: Service
metadata: {}
---
apiVersion: v1
kind: Service
metadata: {name: a, labels: {app: "a b"}}
---
- not an object
---
replicaCount: 1
`);
  expect(ids).toEqual([]);
  expect(lines.map((line) => line.split(' | ').slice(0, 3).join(' '))).toEqual([
    'in.yaml:1:1 error MISSING_FIELD',
    'in.yaml:6:18 error BAD_NAME',
    'in.yaml:10:11 error MISSING_FIELD',
    'in.yaml:14:35 error BAD_LABEL',
    'in.yaml:16:1 error WRONG_TYPE',
    'in.yaml:18:1 warning NOT_KUBERNETES',
  ]);
});

test('a document the loader found fault with is left out', async () => {
  const { ids } = await decode('apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nkind: Namespace\n');
  expect(ids).toEqual([]);
});

test('keys such as __proto__ are data', async () => {
  const { resources } = await decode(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {__proto__: x, constructor: "y"}\n',
  );
  const config = resources[0]?.object as ConfigMap | undefined;
  expect(Object.entries(config?.data ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('whatever stands where metadata and spec belong, decoding answers with values and places', async () => {
  const anyKind = fc
    .constantFrom(...KINDS)
    .chain((kind) => fc.constantFrom(...servedVersions(kind)).map((apiVersion) => ({ apiVersion, kind: kind.kind })));
  await fc.assert(
    fc.asyncProperty(anyKind, fc.jsonValue(), fc.jsonValue(), async (head, spec, metadata) => {
      const { resources, problems } = await decode(JSON.stringify({ ...head, metadata, spec }));
      for (const problem of problems) expect(problem.span?.file).toBe('in.yaml');
      if (resources.length === 0) expect(problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

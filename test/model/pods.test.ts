import { expect, test } from 'vitest';
import { buildMesh } from '../../src/model/mesh.ts';
import { derivePods } from '../../src/model/pods.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const derive = async (text: string) => {
  const { mesh, problems } = await buildMesh(loadYaml({ name: 'in.yaml', text }).documents);
  expect(problems).toEqual([]);
  return derivePods(mesh);
};

const workload = (apiVersion: string, kind: string, name: string, more = '') => `
---
apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: ${name}}
spec:
  ${more}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: ${name}, image: img}]}
`;

test('workloads become pods in document order, replica after replica', async () => {
  const { pods, problems } = await derive(
    [
      workload('apps/v1', 'Deployment', 'web', 'replicas: 2'),
      workload('apps/v1', 'StatefulSet', 'db', 'serviceName: db'),
      workload('apps/v1', 'ReplicaSet', 'none', 'replicas: 0'),
      '\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: solo}\nspec: {containers: [{name: c}]}',
      '\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {parallelism: 3, completions: 2, template: {spec: {containers: [{name: c}]}}}',
      '\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: "0 0 * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}',
      '\n---\napiVersion: v1\nkind: ReplicationController\nmetadata: {name: rc}\nspec: {selector: {app: rc}, template: {metadata: {labels: {app: rc}}, spec: {containers: [{name: c}]}}}',
    ].join(''),
  );
  expect(problems).toEqual([]);
  expect(pods.map(({ name, workloadKind, replica }) => `${workloadKind} ${name} ${replica}`)).toEqual([
    'Deployment web-0 0',
    'Deployment web-1 1',
    'StatefulSet db-0 0',
    'Pod solo 0',
    'Job once-0 0',
    'Job once-1 1',
    'CronJob nightly-0 0',
    'ReplicationController rc-0 0',
  ]);
});

test('a DaemonSet runs on every node it may, and once where the input has no nodes', async () => {
  expect((await derive(workload('apps/v1', 'DaemonSet', 'agent'))).pods.map(({ name }) => name)).toEqual(['agent-0']);
  const { pods } = await derive(
    `apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: us, topology.kubernetes.io/zone: a}}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: b, topology.istio.io/subzone: s}}
${workload('apps/v1', 'DaemonSet', 'agent')}`,
  );
  expect(pods.map(({ name, nodeName, locality }) => [name, nodeName, locality])).toEqual([
    ['agent-0', 'n1', 'us/a'],
    ['agent-1', 'n2', 'eu/b/s'],
  ]);
});

test('pods and sets whose owner is in the input are not counted twice', async () => {
  const { pods } = await derive(
    `${workload('apps/v1', 'Deployment', 'web')}---
apiVersion: v1
kind: Pod
metadata:
  name: web-5d4f9-abcde
  labels: {app: web, pod-template-hash: 5d4f9}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f9, uid: u, controller: true}]
spec: {containers: [{name: web}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: orphan
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: gone, uid: u}]
spec: {containers: [{name: web}]}
`,
  );
  expect(pods.map(({ name }) => name)).toEqual(['web-0', 'orphan']);
});

test('a pod carries what its template says, with Istio’s canonical names', async () => {
  const { pods } = await derive(`apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {MODE: fast, LEVEL: "3"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {token: czNjcmV0}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web, version: v2, istio-locality: us.west.z1, app.kubernetes.io/name: shop}
      annotations: {note: x}
    spec:
      serviceAccountName: runner
      containers:
      - name: main
        image: web:1
        command: [node]
        args: [app.js]
        ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]
        envFrom: [{prefix: S_, configMapRef: {name: settings}}]
        env:
        - {name: PORT, value: "8080"}
        - {name: URL, value: "http://$(HOST):$(PORT)/$$(PORT)"}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
        - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
`);
  expect(pods[0]).toMatchObject({
    name: 'web-0',
    namespace: 'default',
    annotations: { note: 'x' },
    serviceAccount: 'runner',
    canonicalService: 'shop',
    canonicalRevision: 'v2',
    locality: 'us/west/z1',
    proxyMode: 'none',
  });
  expect(pods[0]?.containers).toEqual([
    {
      name: 'main',
      image: 'web:1',
      command: ['node'],
      args: ['app.js'],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: undefined, port: 53, protocol: 'UDP' },
      ],
      env: {
        S_MODE: 'fast',
        S_LEVEL: '3',
        PORT: '8080',
        URL: 'http://$(HOST):8080/$(PORT)',
        POD: 'web-0',
        APP: 'web',
        TOKEN: 's3cret',
      },
    },
  ]);
});

test('the proxy of a pod is a sidecar, a gateway or none', async () => {
  const { pods, problems } = await derive(`apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ingress, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {hostNetwork: true, containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: other, annotations: {sidecar.istio.io/status: "{}"}}
spec: {containers: [{name: a}, {name: istio-proxy, args: [proxy, sidecar]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: other}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
`);
  expect(problems).toEqual([]);
  expect(
    pods.map((pod) => [pod.name, pod.proxyMode, pod.sidecar.reason, pod.containers.map(({ name }) => name)]),
  ).toEqual([
    ['plain', 'sidecar', 'namespace label istio-injection=enabled', ['a']],
    ['ingress', 'gateway', 'namespace label istio-injection=enabled', ['istio-proxy']],
    ['host', 'none', 'host network', ['a']],
    ['done', 'sidecar', 'already injected', ['a']],
    ['gw-istio-0', 'gateway', 'container istio-proxy is a gateway', ['istio-proxy']],
  ]);
});

test('a number of replicas that no machine could hold is an error', async () => {
  const { pods, problems } = await derive(workload('apps/v1', 'Deployment', 'web', 'replicas: 2000000000'));
  expect(pods).toEqual([]);
  expect(problems).toMatchObject([{ severity: 'error', code: 'TOO_MANY_PODS', resource: 'Deployment default/web' }]);
});

test('variables that double each other do not grow without end', async () => {
  const doubling = Array.from({ length: 40 }, (_, n) => `{name: V${n + 1}, value: "$(V${n})$(V${n})"}`).join(', ');
  const { pods } = await derive(`apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a, env: [{name: V0, value: "0123456789"}, ${doubling}]}]}
`);
  const lengths = Object.values(pods[0]?.containers[0]?.env ?? {}).map((value) => value.length);
  expect(lengths).toHaveLength(41);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(128 * 1024);
});

test('a selector that misses its own template and a pod name used twice are errors, ambient is a warning', async () => {
  const { pods, problems } = await derive(`apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: wbe}}
    spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0}
spec: {containers: [{name: a}]}
${workload('apps/v1', 'StatefulSet', 'db', 'serviceName: db')}`);
  expect(pods.map(({ name }) => name)).toEqual(['db-0']);
  expect(problems.map(({ severity, code, span }) => `${severity} ${code} ${span?.line}`)).toEqual([
    'error SELECTOR_MISMATCH 9',
    'warning UNSUPPORTED_FIELD 14',
    'warning UNSUPPORTED_FIELD 20',
    'error POD_NAME_CLASH 20',
  ]);
});

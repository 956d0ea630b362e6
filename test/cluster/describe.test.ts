import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const MESH = `apiVersion: v1
kind: Namespace
metadata: {name: app, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: app}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: app}
spec:
  host: web
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, connectionPool: {tcp: {maxConnections: 10}}}
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: app}
spec:
  hosts: [web]
  http:
    - route:
        - {destination: {host: web, subset: v1}, weight: 90}
        - {destination: {host: web, subset: v2}, weight: 10}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: app}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web-get, namespace: app}
spec:
  rules: [{to: [{operation: {methods: [GET]}}]}]
`;

const WORKLOAD = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: app}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 8080}]}]}
`;

const pod = (name: string, labels: Record<string, string>, hasProxy = true): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'app', labels },
  spec: {
    containers: [
      { name: 'nginx', image: 'nginx', ports: [{ containerPort: 8080 }] },
      ...(hasProxy ? [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'sidecar'] }] : []),
    ],
  },
  status: { phase: 'Running' },
});

const definitions = ['networking.istio.io DestinationRule', 'networking.istio.io VirtualService']
  .concat(['security.istio.io PeerAuthentication', 'security.istio.io AuthorizationPolicy'])
  .map((line): KubernetesObject => {
    const [group = '', kind = ''] = line.split(' ');
    const plural = kind.toLowerCase().replace(/y$/, 'ie').concat('s');
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: { group, scope: 'Namespaced', names: { kind, plural }, versions: [{ name: 'v1', served: true }] },
    };
  });

/** Without the places, which differ between a file and a cluster. */
const bare = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {3}\S+:\d+$/, ''));

const EXPECTED = [
  'Service: web.app',
  '   Port: http 80/http targets pod port 8080',
  'DestinationRule: web.app for "web"',
  '   Matching subsets: v1',
  '      (Non-matching subsets v2)',
  '   Traffic Policy TLS Mode: ISTIO_MUTUAL',
  '   Policies: connection pool',
  'VirtualService: web.app',
  '   http[0]: Route to host "web" subset "v1" with weight 90%',
  '   1 additional destination(s) that will not come here',
];

describe('describe from files', () => {
  const run = (...argv: string[]) => runCli(['describe', ...argv, '-f', '-'], { stdin: MESH + WORKLOAD });

  it('says of a pod what istioctl says, with the line of each object', async () => {
    const { code, stdout, stderr } = await run('pod', 'web');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(bare(stdout)).toEqual([
      'Pod: web-0.app',
      '   Pod Ports: 8080 (nginx)',
      '   Service Account: default',
      '   Proxy: sidecar (namespace label istio-injection=enabled)',
      '--------------------',
      ...EXPECTED,
      '--------------------',
      'Effective PeerAuthentication:',
      '   Workload mTLS mode: STRICT   PeerAuthentication app/default',
      '--------------------',
      'AuthorizationPolicies:',
      '   ALLOW app/web-get',
    ]);
    expect(stdout).toContain('VirtualService: web.app   -:22');
    expect(stdout).toContain('with weight 90%   -:29');
  });

  it('says of a service who is behind it', async () => {
    const { stdout } = await run('svc', 'web.app');
    expect(bare(stdout)).toEqual([...EXPECTED, 'Pods: app/web-0']);
    const { stdout: json } = await run('service', 'web.app.svc.cluster.local', '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({
      apiVersion: 'heddle/v1',
      kind: 'ServiceDescription',
      destinationRule: { subsets: { matching: ['v1'], others: ['v2'] }, source: '-:12' },
    });
  });

  it.each([
    ['pod', 'wbe', 1, 'did you mean web?'],
    ['service', 'web.ap', 1, 'there is no service web.ap in namespace ap'],
    ['service', 'wbe', 1, 'did you mean web?'],
  ])('says that %s %s is not there', async (kind, name, exitCode, words) => {
    const { code, stderr } = await run(kind, name);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(words);
  });
});

describe('describe of a cluster', () => {
  let api: FakeApi;
  beforeEach(async () => {
    const objects = loadYaml({ name: 'mesh', text: MESH }).documents.map(({ value }) => value as KubernetesObject);
    const labels = { app: 'web', version: 'v1' };
    api = await startFakeApi({
      objects: [...definitions, ...objects, pod('web-a', labels), pod('web-b', { app: 'web' }, false), pod('lone', {})],
    });
  });
  afterEach(() => api.close());

  const run = (...argv: string[]) => runCli(['x', 'describe', ...argv, '--kubeconfig', api.kubeconfig]);

  it('says the same of a pod that runs', async () => {
    const { code, stdout } = await run('pod', 'web-a', '-n', 'app');
    expect(code).toBe(0);
    expect(bare(stdout).slice(5, 15)).toEqual(EXPECTED);
    expect(stdout).toContain('fake:PeerAuthentication/app/default:');
  });

  it('warns of a pod without sidecar, subset or Service', async () => {
    const old = (await run('pod', 'web-b.app')).stdout;
    expect(old).toContain('WARNING: it is not part of the mesh: the pod runs without a sidecar');
    expect(old).toContain('WARNING: no subset selects it (v1, v2)');
    expect(old).toContain('WARNING: none of its routes comes here');
    expect(old).not.toContain('PeerAuthentication');
    expect((await run('pod', 'web-b.app', '--ignoreUnmeshed')).stdout).not.toContain('not part of the mesh');
    expect((await run('pod', 'lone.app')).stdout).toContain('WARNING: no Service selects it');
  });
});

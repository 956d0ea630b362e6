import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const WORKLOADS = `apiVersion: v1
kind: Namespace
metadata: {name: app, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: app}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: app}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: app}
spec:
  selector: {matchLabels: {istio: gw}}
  template:
    metadata: {labels: {istio: gw}, annotations: {inject.istio.io/templates: gateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: app}
spec:
  selector: {istio: gw}
  servers:
    - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
    - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: app}
spec: {host: web, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: app}
spec:
  hosts: [web]
  gateways: [mesh, gw, nope]
  http:
    - name: a
      match: [{uri: {prefix: /a}}]
      route:
        - {destination: {host: web, subset: v1}, weight: 9}
        - {destination: {host: web, subset: v3}, weight: 1}
    - match: [{uri: {exact: /a/b}}]
      redirect: {uri: /x}
    - match: [{uri: {prefix: /inner}}]
      delegate: {name: inner}
    - route: [{destination: {host: web, subset: v2}}]
    - directResponse: {status: 404}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: inner, namespace: app}
spec: {http: [{route: [{destination: {host: other}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: late, namespace: app}
spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bytes, namespace: app}
spec:
  hosts: [db.example]
  gateways: [gw]
  tcp: [{match: [{port: 9000}], route: [{destination: {host: web, port: {number: 80}}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shop, namespace: app}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: app}
spec:
  parentRefs: [{name: shop}, {name: shop, sectionName: none}]
  hostnames: [shop.example]
  rules:
    - backendRefs: [{name: web, port: 80, weight: 1}, {name: web, port: 81, weight: 1}]
    - matches: [{path: {type: Exact, value: /z}}]
      backendRefs: [{name: web, port: 80}]
`;

/** Without the places, which differ between a file and a cluster. */
const bare = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {3}\S+:\d+$/, ''));

const RULES = [
  '--------------------',
  'http[0] a: forward',
  '   Match: uri prefix "/a"',
  '   Route to host "web.app.svc.cluster.local" port 80 subset "v1" with weight 90%',
  '   Route to host "web.app.svc.cluster.local" port 80 subset "v3" with weight 10%',
  '      WARNING: no DestinationRule of the host has a subset v3 (app/web-0)',
  'http[1]: redirect with 301',
  '   Match: uri exact "/a/b"',
  '   WARNING: VirtualService app/web takes all of it before',
  'http[2]: as VirtualService app/inner says',
  'http[2] > http[0]: forward',
  '   Match: uri prefix "/inner"',
  '   Route to host "other.app.svc.cluster.local" port 80 with weight 100%',
  '      WARNING: the proxy knows no such host (app/web-0)',
  'http[3]: forward',
  '   Match: every request',
  '   Route to host "web.app.svc.cluster.local" port 80 subset "v2" with weight 100%',
  '      WARNING: no pod is behind it (app/web-0)',
  'http[4]: in no proxy',
  '   WARNING: a rule before it takes everything, or no proxy meets its conditions',
];

const run = (...argv: string[]) => runCli(['describe', 'route', ...argv, '-f', '-'], { stdin: WORKLOADS + ROUTES });

describe('describe route', () => {
  it('says who has a VirtualService, where its rules lead and which are never met', async () => {
    const { code, stdout, stderr } = await run('vs/web');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(bare(stdout)).toEqual([
      'VirtualService: web.app',
      '   Hosts: web.app.svc.cluster.local',
      '   Carried by: mesh',
      '   Carried by: Gateway app/gw',
      '   WARNING: there is no Gateway app/nope, which should carry it',
      '   In 1 sidecar: app/web-0',
      '   In 1 gateway: app/gw-0',
      ...RULES,
    ]);
    const lineOf = (words: string): number => (WORKLOADS + ROUTES).split('\n').indexOf(words) + 1;
    expect(stdout).toContain(`http[0] a: forward   -:${lineOf('    - name: a')}`);
    expect(stdout).toContain(`takes all of it before   -:${lineOf('      match: [{uri: {prefix: /a}}]')}`);
  });

  it('says which object answers for its host in its place', async () => {
    const { stdout } = await run('late.app');
    expect(stdout).toContain('WARNING: no proxy has any of it');
    expect(stdout).toContain('WARNING: VirtualService app/web answers for web.app.svc.cluster.local in its place');
  });

  it('says of a delegate who delegates to it', async () => {
    expect(bare((await run('inner')).stdout).slice(0, 3)).toEqual([
      'VirtualService: inner.app',
      '   Carried by: VirtualService app/web',
      '   In 1 sidecar: app/web-0',
    ]);
  });

  it('follows routes of connections', async () => {
    expect(bare((await run('bytes')).stdout).slice(3)).toEqual([
      '   In 1 gateway: app/gw-0',
      '--------------------',
      'tcp[0]: forward',
      '   Match: every connection',
      '   Route to host "web.app.svc.cluster.local" port 80 with weight 100%',
    ]);
  });

  it('says of an HTTPRoute which parent does not take it in', async () => {
    const { stdout } = await run('httproute.gateway.networking.k8s.io/web');
    expect(bare(stdout)).toEqual([
      'HTTPRoute: web.app',
      '   Hosts: shop.example',
      '   Carried by: Gateway app/shop',
      '   Carried by: Gateway app/shop',
      '   In 1 gateway: app/shop-istio-0',
      '   WARNING: the route is not attached to Gateway app/shop: it has no listener none',
      '--------------------',
      'rules[0]: forward',
      '   Match: uri prefix "/"',
      '   Route to host "web.app.svc.cluster.local" port 80 with weight 50%',
      '   Route to host "web.app.svc.cluster.local" port 81 with weight 50%',
      '      WARNING: the host has no port 81 (app/shop-istio-0)',
      'rules[1]: forward',
      '   Match: uri exact "/z"',
      '   Route to host "web.app.svc.cluster.local" port 80 with weight 100%',
    ]);
  });

  it('gives the same to scripts', async () => {
    const { stdout } = await run('bytes', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'RouteDescription',
      type: 'VirtualService',
      gateways: ['app/gw-0'],
      sidecars: [],
      rules: [{ rule: 'tcp[0]', destinations: [{ host: 'web.app.svc.cluster.local', port: 80, percent: 100 }] }],
    });
  });

  it.each([
    ['web', 64, 'web is a VirtualService and a HTTPRoute'],
    ['late.ap', 1, 'there is no route late.ap in namespace ap'],
    ['lat', 1, 'did you mean late?'],
    ['vss/web', 64, 'did you mean vs?'],
  ])('says what is wrong with %s', async (name, exitCode, words) => {
    const { code, stderr } = await run(name);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(words);
  });
});

const definitions = ['VirtualService', 'DestinationRule', 'Gateway'].map((kind): KubernetesObject => {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.networking.istio.io` },
    spec: {
      group: 'networking.istio.io',
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [{ name: 'v1', served: true }],
    },
  };
});

const sidecar: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'app', labels: { app: 'web', version: 'v1' } },
  spec: {
    containers: [
      { name: 'nginx', image: 'nginx', ports: [{ containerPort: 8080 }] },
      { name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'sidecar'] },
    ],
  },
  status: { phase: 'Running' },
};

describe('describe route of a cluster', () => {
  let api: FakeApi;
  beforeEach(async () => {
    const objects = loadYaml({ name: 'mesh', text: WORKLOADS + ROUTES })
      .documents.map(({ value }) => value as KubernetesObject)
      .filter(({ apiVersion }) => apiVersion === 'v1' || apiVersion === 'networking.istio.io/v1')
      // Of objects that say no time the name decides which is older.
      .filter(({ metadata }) => metadata.name !== 'late');
    api = await startFakeApi({ objects: [...definitions, ...objects, sidecar] });
  });
  afterEach(() => api.close());

  it('says the same of pods that run', async () => {
    const { code, stdout } = await runCli(['x', 'des', 'vs', 'web.app', '--kubeconfig', api.kubeconfig]);
    expect(code).toBe(0);
    expect(bare(stdout).slice(-RULES.length)).toEqual(RULES);
    expect(stdout).toContain('fake:VirtualService/app/web:');
  });
});

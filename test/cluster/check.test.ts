import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ISTIO_DEFINITIONS } from '../../src/cluster/check/checks/definitions.ts';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliOptions, type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { createAuthority } from './harness/keys.ts';
import { healthyMesh, injected, pod } from './healthy-mesh.ts';

let root: string;
let otherRoot: string;
let expired: string;
let ending: string;
let api: FakeApi;
let server: Server | undefined;

const DAY_MS = 86_400_000;

beforeAll(async () => {
  const authority = await createAuthority(365 * DAY_MS);
  root = authority.certificate;
  otherRoot = (await createAuthority(365 * DAY_MS)).certificate;
  const until = async (ms: number): Promise<string> => {
    const valid = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() + ms) };
    return (await authority.issue([{ CN: ['x'] }], [], valid)).certificate;
  };
  [expired, ending] = [await until(-DAY_MS), await until(5 * DAY_MS + 60_000)];
});
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1', objects: healthyMesh(root) });
});
afterEach(async () => {
  await api.close();
  server?.close();
  server = undefined;
});

const heddle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  runCli([...line.split(' '), '--kubeconfig', api.kubeconfig], options);

interface Report {
  readonly items: readonly {
    readonly id: string;
    readonly status: string;
    readonly troubles?: readonly { readonly message: string }[];
  }[];
}

const report = async (line = 'check'): Promise<Report & { readonly code: number }> => {
  const { code, stdout, stderr } = await heddle(`${line} -o json`);
  expect(stderr).toBe('');
  return { ...JSON.parse(stdout), code };
};

/** The only things that are wrong: `status id: message`. */
const wrong = async (line?: string): Promise<readonly string[]> =>
  (await report(line)).items.flatMap(({ id, status, troubles = [] }) =>
    status === 'ok' ? [] : troubles.map(({ message }) => `${status} ${id}: ${message}`),
  );

const found = (kind: string, name: string): KubernetesObject => {
  const object = api.store
    .kinds()
    .filter((each) => each.kind === kind)
    .flatMap((each) => api.store.list(each))
    .find(({ metadata }) => metadata.name === name);
  if (object === undefined) throw new Error(`there is no ${kind} ${name}`);
  return object;
};

const change = (kind: string, name: string, fields: object): void =>
  void api.store.put({ ...found(kind, name), ...fields } as KubernetesObject);

const remove = (kind: string, name: string): void => {
  const { apiVersion, metadata } = found(kind, name);
  api.store.remove({ apiVersion, kind, ...metadata });
};

const withBundle = (pem: string) => {
  const { webhooks } = found('MutatingWebhookConfiguration', 'istio-sidecar-injector') as unknown as {
    readonly webhooks: readonly { readonly clientConfig: object }[];
  };
  const caBundle = Buffer.from(pem).toString('base64');
  return { webhooks: webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } })) };
};

const syncz = async (list: unknown): Promise<void> => {
  server = createServer((_, response) => void response.end(JSON.stringify(list)));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  api.forward('istio-system', 'istiod-1', 15_014, (server.address() as AddressInfo).port);
};

describe('the kinds of Istio', () => {
  it('are those that its chart defines', () => {
    const chart = readFileSync(join(import.meta.dirname, '../../templates/charts/base/files/crds.yaml'), 'utf8');
    const defined = [...chart.matchAll(/^ {2}name: (\S+\.istio\.io)$/gm)].map(([, name]) => name);
    expect(ISTIO_DEFINITIONS.toSorted()).toEqual(defined.toSorted());
  });
});

describe('check', () => {
  beforeEach(() => syncz([{ proxy: 'web.shop', cluster_sent: 'a', cluster_acked: 'a' }]));

  it('finds nothing wrong with a mesh that works', async () => {
    const { code, stdout } = await heddle('check');
    expect(stdout).toMatch(/^http\S+ \(context "fake"\), Kubernetes v1.34.1\n\nkubernetes\n {2}✔ /);
    expect(stdout).toMatch(/\n(\d+) checks: \1 passed\n$/);
    expect(code).toBe(0);
    expect((await heddle('check -o short')).stdout).toBe('');
    expect((await report()).items.every(({ status }) => status === 'ok')).toBe(true);
  });

  it.each<[what: string, make: () => void, message: string]>([
    [
      'a definition that is missing',
      () => remove('CustomResourceDefinition', 'virtualservices.networking.istio.io'),
      'error definitions: virtualservices.networking.istio.io is not defined',
    ],
    [
      'a definition that is not established',
      () => change('CustomResourceDefinition', 'gateways.networking.istio.io', { status: {} }),
      'error definitions: gateways.networking.istio.io is not served: not served yet',
    ],
    [
      'an istiod that cannot pull its image',
      () => {
        change('Deployment', 'istiod', { status: { observedGeneration: 1, updatedReplicas: 1 } });
        const waiting = { reason: 'ImagePullBackOff', message: 'no such image' };
        api.store.put(
          pod(
            'istio-system',
            'istiod-0',
            { app: 'istiod', 'istio.io/rev': 'default' },
            {
              status: { phase: 'Pending', containerStatuses: [{ name: 'discovery', state: { waiting } }] },
            },
          ),
        );
      },
      'error istiod-ready: istiod in namespace istio-system is not ready: 0 of 1 pods ready; container discovery: ImagePullBackOff: no such image',
    ],
    [
      'a revision without an injector, and namespaces that want it',
      () => remove('MutatingWebhookConfiguration', 'istio-sidecar-injector'),
      'error webhook-per-revision: revision default has no injector',
    ],
    [
      'a webhook whose Service is gone',
      () => remove('Service', 'istiod'),
      'error webhook-services: istio-sidecar-injector calls nobody: Service istiod is not in namespace istio-system',
    ],
    [
      'a webhook that trusts another root',
      () => change('MutatingWebhookConfiguration', 'istio-sidecar-injector', withBundle(otherRoot)),
      "error webhook-certificates: the caBundle of istio-sidecar-injector is not istiod's root",
    ],
    [
      'a webhook whose root is over',
      () => change('MutatingWebhookConfiguration', 'istio-sidecar-injector', withBundle(expired)),
      `error webhook-certificates: the caBundle of istio-sidecar-injector expired on ${new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)}`,
    ],
    [
      'a webhook that nobody gave a root',
      () => change('MutatingWebhookConfiguration', 'istio-sidecar-injector', withBundle('')),
      'error webhook-certificates: the caBundle of istio-sidecar-injector is empty',
    ],
    [
      'two injectors for one namespace',
      () => {
        const injector = found('MutatingWebhookConfiguration', 'istio-sidecar-injector');
        const labels = { 'istio.io/rev': 'default', 'istio.io/tag': 'other' };
        api.store.put({ ...injector, metadata: { name: 'again', labels } });
      },
      'error webhook-overlaps: again and istio-sidecar-injector both inject the pods of shop',
    ],
    [
      'a tag that leads nowhere',
      () => {
        const injector = found('MutatingWebhookConfiguration', 'istio-sidecar-injector');
        const metadata = { name: 'tag', labels: { 'istio.io/rev': 'gone', 'istio.io/tag': 'prod' } };
        const webhooks = [
          { ...(injector['webhooks'] as readonly object[])[0], namespaceSelector: { matchLabels: { a: 'b' } } },
        ];
        api.store.put({ ...injector, metadata, webhooks });
      },
      'error webhook-per-revision: tag "prod" leads to revision gone, which has no istiod',
    ],
    [
      'a namespace of a revision that nobody injects',
      () =>
        api.store.put({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'lost', labels: { 'istio.io/rev': 'canray' } },
        }),
      'error namespaces-injected: namespace lost is labelled istio.io/rev=canray, and no injector takes it',
    ],
    [
      'a pod that is older than the label',
      () => api.store.put(pod('shop', 'bare', {})),
      'warning pods-injected: 1 pod has no sidecar in namespace shop: bare',
    ],
    [
      'an authority that ends soon',
      () => change('Secret', 'istio-ca-secret', { data: { 'ca-cert.pem': Buffer.from(ending).toString('base64') } }),
      `warning authority-certificates: ca-cert.pem of Secret istio-ca-secret in namespace istio-system expires on ${new Date(Date.now() + 5 * DAY_MS + 60_000).toISOString().slice(0, 10)}, in 5 days`,
    ],
    [
      'a namespace with another root',
      () =>
        api.store.put({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'istio-ca-root-cert', namespace: 'shop' },
          data: { 'root-cert.pem': otherRoot },
        }),
      "error roots-distributed: namespace shop trusts another root than istiod's own namespace",
    ],
    [
      'proxies without a control plane',
      () => api.store.put(injected('shop', 'old', 'gone', '1.31.1')),
      'error proxies-control-plane: 1 proxy belongs to revision gone, which has no istiod: 1 in "shop"',
    ],
    [
      'proxies of another release',
      () => api.store.put(injected('shop', 'old', 'default', '1.28.0')),
      'error proxies-versions: 1 proxy is of 1.28.0 and the control plane of 1.31.1, which is too far apart: 1 in "shop"',
    ],
    [
      'proxies of the release before',
      () => api.store.put(injected('shop', 'old', 'default', '1.30.2')),
      'warning proxies-versions: 1 proxy is of 1.30.2 and the control plane of 1.31.1: 1 in "shop"',
    ],
    [
      'a gateway that is not ready',
      () => change('Deployment', 'istio-ingressgateway', { status: { observedGeneration: 1, updatedReplicas: 1 } }),
      'error gateways-ready: istio-ingressgateway in namespace istio-system is not ready: 0 of 1 pods ready',
    ],
    [
      'a node agent that is not ready',
      () =>
        api.store.put({
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          metadata: { name: 'istio-cni-node', namespace: 'istio-system', labels: { 'k8s-app': 'istio-cni-node' } },
          spec: {},
          status: { observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2 },
        }),
      'error node-agents-ready: istio-cni-node in namespace istio-system is not ready: 2 of 3 pods ready',
    ],
  ])('tells of %s', async (_, make, message) => {
    make();
    expect(await wrong()).toContainEqual(message);
    const { code } = await heddle('check');
    expect(code).toBe(message.startsWith('error') ? 79 : 0);
    expect((await heddle('check --strict')).code).toBe(79);
    expect((await heddle('check -o short')).stdout).toContain(message.split(': ').slice(1).join(': '));
  });

  it('tells of proxies that have not taken what they were sent', async () => {
    server?.close();
    await syncz([
      { proxy: 'web.shop', cluster_sent: 'b', cluster_acked: 'a', listener_sent: 'c', listener_acked: 'c' },
      { proxy: 'fresh.shop', route_sent: 'c' },
      {
        proxy: 'bad.shop',
        resources: {
          'type.googleapis.com/envoy.config.listener.v3.Listener': {
            sent: 'b',
            acked: 'a',
            lastError: 'no such filter',
          },
        },
      },
      { proxy: 'tool.default' },
    ]);
    expect(await wrong()).toEqual([
      'error proxies-synced: bad.shop refuses what istiod sent: LDS: no such filter',
      'error proxies-synced: 2 proxies have not taken what istiod sent: fresh.shop (RDS), web.shop (CDS)',
    ]);
  });

  it('does not take what it may not see for healthy', async () => {
    api.forbid({ resource: 'secrets' });
    const { code, stdout } = await heddle('check');
    expect(code).toBe(77);
    expect(stdout).toContain("? istiod's authority is valid for some time\n    not known: not allowed to list secrets");
    expect((await heddle('check -o short')).stdout).toContain('unknown authority-certificates: not allowed');
    remove('Service', 'istiod');
    expect((await heddle('check')).code).toBe(79);
  });

  it('lets istiod be outside of the cluster', async () => {
    remove('Deployment', 'istiod');
    remove('Pod', 'web');
    expect(await wrong()).toContainEqual('error istiod-ready: there is no istiod in namespace istio-system');
    const { webhooks } = found('MutatingWebhookConfiguration', 'istio-sidecar-injector') as unknown as {
      readonly webhooks: readonly { readonly clientConfig: object }[];
    };
    const clientConfig = { ...webhooks[0]?.clientConfig, service: undefined, url: 'https://istiod.example/inject' };
    change('MutatingWebhookConfiguration', 'istio-sidecar-injector', { webhooks: [{ ...webhooks[0], clientConfig }] });
    expect(await wrong()).toEqual([]);
  });

  it('says of a cluster without Istio that it is not there', async () => {
    await api.close();
    api = await startFakeApi();
    const { code, stdout } = await heddle('check');
    expect(code).toBe(79);
    expect(stdout).toContain('there is no istiod in namespace istio-system');
    expect(stdout).toContain('error: no kind of Istio is defined');
    expect((await heddle('check --pre')).code).toBe(0);
  });

  it('ends within its limit, with the code of what is in the way', async () => {
    api.fault({ resource: 'pods' }, { hang: true });
    const slow = await heddle('check --kubeclient-timeout 200ms');
    expect([slow.code, slow.stdout]).toEqual([75, expect.stringContaining('did not answer within 0.2s')]);
    api.fault({ path: /^\/version/ }, { hang: true });
    expect((await heddle('check --kubeclient-timeout 200ms')).code).toBe(75);
    const { url } = api;
    await api.close();
    api = await startFakeApi({ server: url });
    const down = await heddle('check -o json');
    expect([down.code, JSON.parse(down.stdout)]).toMatchObject([69, { error: { code: 'CLUSTER_UNREACHABLE' } }]);
    expect((await heddle('check --context nope')).code).toBe(64);
  });

  it('waits until all is well, until its time is over, or until it is interrupted', async () => {
    const { status } = found('Deployment', 'istiod');
    const broken = { status: { observedGeneration: 1, updatedReplicas: 1 } };
    change('Deployment', 'istiod', broken);
    const late = await heddle('check --wait 10ms');
    expect(late.stdout).toContain('istiod in namespace istio-system is not ready');
    expect([late.code, late.stderr]).toEqual([75, '']);
    api.forbid({ resource: 'secrets' });
    change('Deployment', 'istiod', { status });
    expect((await heddle('check --wait 30s')).code).toBe(77);
    api.clearFaults();
    change('Deployment', 'istiod', broken);
    const repair = (stream: string, text: string): void => {
      if (stream === 'stderr' && text.includes('waiting')) change('Deployment', 'istiod', { status });
    };
    const repaired = await heddle('check --wait 30s', { onWrite: repair });
    expect(repaired.code, repaired.stdout).toBe(0);
    api.store.put(pod('shop', 'bare', {}));
    const remade = (stream: string, text: string): void => {
      if (stream === 'stderr' && text.includes('waiting for pods-injected')) remove('Pod', 'bare');
    };
    expect((await heddle('check --wait 30s')).code).toBe(0);
    expect((await heddle('check --wait 30s --strict', { onWrite: remade })).code).toBe(0);
    change('Deployment', 'istiod', broken);
    const interruption = new AbortController();
    const stop = (stream: string): void => {
      if (stream === 'stderr') interruption.abort();
    };
    expect((await heddle('check --wait 30s', { onWrite: stop, signal: interruption.signal })).code).toBe(130);
  });
});

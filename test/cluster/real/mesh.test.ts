import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { getFromPod } from '../../../src/cluster/pod-http.ts';
import { askIstiod } from '../../../src/cluster/xds.ts';
import { openFake } from '../../support/open-fake.ts';
import { run } from '../harness/heddle.ts';
import type { TestKubernetes } from '../harness/kubernetes.ts';
import { installMesh, startMesh, type TestMesh } from '../harness/mesh.ts';
import { waitFor } from '../harness/program.ts';
import { onMesh } from '../harness/suite.ts';

interface PodSpec {
  readonly volumes?: readonly { readonly name: string }[];
  readonly [containers: string]: unknown;
}

interface Created {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

/** A value in which the order of lists, and the random name of a pod's token, do not count. */
const settled = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replace(/^kube-api-access-\w+$/, 'kube-api-access');
  if (Array.isArray(value))
    return value.map(settled).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, settled(each)]));
};

/** The files in which an installation's ConfigMaps tell how it injects. */
const writeSettings = async ({ api }: TestKubernetes): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-injection-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const read = async (name: string) =>
    (
      await api.get<{ readonly data: Readonly<Record<string, string>> }>(
        `/api/v1/namespaces/istio-system/configmaps/${name}`,
      )
    ).data;
  const injector = await read('istio-sidecar-injector');
  writeFileSync(join(directory, 'config'), injector['config'] ?? '');
  writeFileSync(join(directory, 'values'), injector['values'] ?? '');
  writeFileSync(join(directory, 'mesh'), (await read('istio'))['mesh'] ?? '');
  return directory;
};

const FLAGS: Readonly<Record<string, string>> = {
  config: '--injectConfigFile',
  mesh: '--meshConfigFile',
  values: '--valuesFile',
};

/** A pod with what the API server would complete where the webhook reads it. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'shop',
    labels: { app: 'shop', version: 'v2' },
    annotations: { 'proxy.istio.io/config': '{"concurrency": 3}', 'sidecar.istio.io/proxyCPU': '250m' },
  },
  spec: {
    serviceAccountName: 'default',
    initContainers: [{ name: 'prepare', image: 'prepare:1' }],
    containers: [
      {
        name: 'app',
        image: 'app:1',
        ports: [{ containerPort: 8080, protocol: 'TCP' }],
        readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, timeoutSeconds: 1 },
      },
    ],
  },
};

onMesh('what heddle installs, with a real istiod', (cluster, istio) => {
  beforeAll(() => installMesh(cluster(), istio));

  it('injects pods exactly as heddle does without a cluster', async () => {
    const { api } = cluster();
    // Both go through the API server, which completes what is not said; the second into a namespace without a webhook.
    const byWebhook = await api.post<Created>('/api/v1/namespaces/web/pods?dryRun=All', POD);
    const settings = await writeSettings(cluster());
    const namespace = await api.get('/api/v1/namespaces/web');
    const pod = { ...POD, metadata: { ...POD.metadata, namespace: 'web' } };
    writeFileSync(join(settings, 'in.yaml'), [namespace, pod].map((each) => JSON.stringify(each)).join('\n---\n'));
    const files = ['config', 'mesh', 'values'].map((name) => `${FLAGS[name]} ${join(settings, name)}`).join(' ');
    const { stdout } = await run(
      cluster(),
      `inject --as-webhook --keep-original=false ${files} -f ${settings}/in.yaml`,
    );
    const injected = parseAllDocuments(stdout).at(-1)?.toJS() as typeof pod;
    const { namespace: _, ...metadata } = injected.metadata;
    const byHeddle = await api.post<Created>('/api/v1/namespaces/default/pods?dryRun=All', { ...injected, metadata });
    expect(settled(byHeddle.spec)).toEqual(settled(byWebhook.spec));
    expect(byHeddle.metadata.labels).toEqual(byWebhook.metadata.labels);
    expect(byHeddle.metadata.annotations).toEqual(byWebhook.metadata.annotations);
    expect(JSON.stringify(byWebhook.spec)).toContain('istio-proxy');
  });

  it('refuses configuration that means nothing', async () => {
    const path = '/apis/networking.istio.io/v1/namespaces/web/virtualservices?dryRun=All';
    const route = (weight: number) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'shop' },
      spec: { hosts: ['shop'], http: [{ route: [{ destination: { host: 'shop' }, weight }] }] },
    });
    const bad = { ...route(1), spec: { hosts: ['shop'], http: [{ route: [] }] } };
    // istiod gives the webhook its certificate some time after it is ready.
    const refused = await waitFor(cluster().apiServer, 'the validation webhook', async () => {
      const answer = await cluster().api.call('POST', path, bad);
      return answer.status < 300 ? undefined : answer;
    });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('validation.istio.io');
    expect((await cluster().api.call('POST', path, route(100))).status).toBe(201);
  });
});

onMesh('what heddle installs, with real proxies', (cluster, istio) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await startMesh(cluster(), istio);
  });

  const dumpOf = async (admin: number): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${admin}/config_dump`)).text();

  describe('a sidecar', () => {
    it('has the clusters and routes of the mesh, by the identity of its pod', async () => {
      const dump = await dumpOf(mesh.a.admin);
      expect(dump).toContain('outbound|80||b.web.svc.cluster.local');
      expect(dump).toContain('spiffe://cluster.local/ns/web/sa/default');
    });
  });

  describe('the gateway', () => {
    it('listens where a Gateway says, and leads where its VirtualService says', async () => {
      const { api } = cluster();
      await api.apply('/apis/networking.istio.io/v1/namespaces/web/gateways/front', {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        spec: {
          selector: { istio: 'ingressgateway' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
        },
      });
      await api.apply('/apis/networking.istio.io/v1/namespaces/web/virtualservices/front', {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        spec: {
          hosts: ['*'],
          gateways: ['front'],
          http: [{ directResponse: { status: 418, body: { string: 'from the mesh' } } }],
        },
      });
      const answer = await waitFor(mesh.gateway.program, 'the gateway to serve', async () => {
        const response = await fetch(`http://${mesh.gateway.pod.status.podIP}:8080/`);
        return response.status === 418 ? response : undefined;
      });
      expect(await answer.text()).toBe('from the mesh');
    });
  });

  describe('istiod', () => {
    const open = async (): Promise<Cluster> => {
      const client = await openFake(cluster());
      onTestFinished(() => client.close());
      return client;
    };

    it('tells over XDS of each proxy, to who verifies it by the root of the mesh', async () => {
      const { data } = await cluster().api.get<{ readonly data: Readonly<Record<string, string>> }>(
        '/api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert',
      );
      const question = { typeUrl: 'istio.io/debug/syncz', root: data['root-cert.pem'] ?? '' };
      const { resources } = await askIstiod(await open(), mesh.istiod.pod.metadata, question);
      const told = resources.map(({ value }) => value.toString('latin1'));
      for (const { pod } of [mesh.a, mesh.b, mesh.gateway])
        expect(told.filter((text) => text.includes(`${pod.metadata.name}.${pod.metadata.namespace}`))).toHaveLength(1);
    });

    it('and Envoy answer HTTP through port-forwards', async () => {
      const client = await open();
      const version = await getFromPod(client, mesh.istiod.pod.metadata, 15014, '/version');
      expect(version).toMatchObject({ status: 200, body: expect.stringContaining('1.31.1') });
      const syncz = await getFromPod(client, mesh.istiod.pod.metadata, 15014, '/debug/syncz');
      expect(syncz.body).toContain('b.web');
      const dump = await getFromPod(client, mesh.b.pod.metadata, 15000, '/config_dump');
      expect(dump.body).toContain('inbound|8080||');
    });

    it('is said not to answer once it is gone', async () => {
      const client = await open();
      await mesh.istiod.program.kill();
      const asked = askIstiod(client, mesh.istiod.pod.metadata, { typeUrl: 'istio.io/debug/syncz' });
      await expect(asked).rejects.toMatchObject({ kind: 'unreachable', code: 'PORT_REFUSED' });
      const got = getFromPod(client, mesh.istiod.pod.metadata, 15014, '/version');
      await expect(got).rejects.toMatchObject({ kind: 'unreachable', code: 'PORT_REFUSED' });
    });
  });
});

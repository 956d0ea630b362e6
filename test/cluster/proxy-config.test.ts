import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const ENVOY_ADMIN = 15_000;

const object = (apiVersion: string, kind: string, name: string, fields: object, labels = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', labels },
  ...fields,
});

const pod = (name: string, phase: string, isReady: boolean): KubernetesObject =>
  object(
    'v1',
    'Pod',
    name,
    {
      spec: { nodeName: 'node', containers: [{ name: 'app' }, { name: 'istio-proxy' }] },
      status: { phase, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
    },
    { app: 'web' },
  );

const CLUSTERS = {
  configs: [
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump',
      dynamic_active_clusters: [
        { cluster: { name: 'outbound|80||reviews.shop.svc.cluster.local', type: 'EDS' } },
        { cluster: { name: 'inbound|8080||', type: 'ORIGINAL_DST' } },
      ],
    },
  ],
};

describe('proxy-config of a pod', () => {
  let api: FakeApi;
  let envoy: Server;
  let asked: string[];
  let answer: { status: number; body: string };

  beforeEach(async () => {
    asked = [];
    answer = { status: 200, body: JSON.stringify(CLUSTERS) };
    envoy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => envoy.listen(0, '127.0.0.1', resolve));
    api = await startFakeApi({
      objects: [
        pod('web-1', 'Pending', false),
        pod('web-2', 'Running', true),
        object('apps/v1', 'Deployment', 'web', { spec: { selector: { matchLabels: { app: 'web' } } } }),
        object('v1', 'Service', 'lonely', { spec: { selector: { app: 'nobody' } } }),
      ],
    });
    for (const name of ['web-1', 'web-2'])
      api.forward('shop', name, ENVOY_ADMIN, (envoy.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await api.close();
    envoy.close();
  });

  const pc = (...argv: string[]) => runCli(['proxy-config', ...argv, '--kubeconfig', api.kubeconfig]);

  it.each([
    ['by name and namespace', ['web-2.shop']],
    ['by name with -n', ['web-2', '-n', 'shop']],
    ['as pod/NAME', ['pod/web-2.shop']],
    ['by a Deployment: the pod that is ready', ['deploy/web.shop']],
  ])('finds the pod %s, and asks its Envoy for the part it shows', async (_title, argument) => {
    const { code, stdout, stderr } = await pc('cluster', ...argument);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^reviews\.shop\.svc\.cluster\.local +80 +- +outbound +EDS/m);
    expect(asked).toEqual(['GET /config_dump?mask=dynamic_active_clusters,dynamic_warming_clusters,static_clusters']);
    const forwarded = api.requests.filter(({ path }) => path.includes('portforward')).map(({ path }) => path);
    expect(forwarded).toEqual(['/api/v1/namespaces/shop/pods/web-2/portforward']);
  });

  it.each([
    [['web-3.shop'], 1, 'did you mean web-1.shop?'],
    [['deploy/wbe.shop'], 1, 'did you mean web.shop?'],
    [['svc/lonely.shop'], 1, 'it selects pods with app=nobody'],
    [['deploymnt/web.shop'], 64, 'did you mean deployment?'],
    [['web-2.shop', '-f', 'dump.json'], 64, 'give either a pod, or a dump'],
    [['web-2.shop', '--proxy-admin-port', '15999'], 69, 'see that the pod has a sidecar'],
  ])('says of %s what to do', async (argument, exitCode, hint) => {
    const { code, stdout, stderr } = await pc('cluster', ...argument);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toContain(hint);
  });

  it("passes Envoy's refusal on", async () => {
    answer = { status: 503, body: 'draining' };
    const { code, stderr } = await pc('cluster', 'web-2.shop');
    expect(code).toBe(69);
    expect(stderr).toContain('answers 503');
  });

  describe('log', () => {
    beforeEach(() => {
      answer = { status: 200, body: 'active loggers:\n  admin: warning\n  http: debug\n' };
    });

    it('shows the levels', async () => {
      const { code, stdout } = await pc('log', 'web-2.shop');
      expect(code).toBe(0);
      expect(stdout).toBe('web-2.shop:\nactive loggers:\n  admin: warning\n  http: debug\n');
      expect(asked).toEqual(['POST /logging']);
    });

    it('sets each logger, then shows all', async () => {
      await pc('log', 'web-2.shop', '--level', 'http:debug,admin:info');
      expect(asked).toEqual(['POST /logging?http=debug', 'POST /logging?admin=info', 'POST /logging']);
    });

    it('sets every pod with the labels', async () => {
      const { stdout } = await pc('log', '-l', 'app=web', '-n', 'shop', '-r', '-o', 'json');
      expect(asked).toEqual([1, 2].flatMap(() => ['POST /logging?level=warning', 'POST /logging']));
      expect(JSON.parse(stdout)).toMatchObject({
        kind: 'LogLevels',
        items: [{ pod: 'web-2.shop', levels: { http: 'debug' } }, { pod: 'web-1.shop' }],
      });
    });
  });
});

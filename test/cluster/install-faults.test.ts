import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliOptions, type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { createWorkspace } from '../support/workspace.ts';
import { runWorkloads } from './workload-controller.ts';

// Charts are rendered and applied in every test, some of them large.
vi.setConfig({ testTimeout: 60_000 });

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
});
afterEach(() => api.close());

const SMALL = '--set profile=empty --set components.pilot.enabled=true';
const heddle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  runCli([...line.split(' '), '--kubeconfig', api.kubeconfig], options);

const ISTIOD = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'istio-system', name: 'istiod' };

/** The one `Error:` line of an answer, and that a hint follows it. */
const errorOf = ({ stderr }: CliResult): string => {
  const errors = stderr.split('\n').filter((line) => line.startsWith('Error: '));
  expect(errors, stderr).toHaveLength(1);
  expect(stderr).toMatch(/^Try: ./m);
  return errors[0] ?? '';
};

/** That the same command completes what was begun, and is then a no-op. */
const expectRepair = async (): Promise<void> => {
  api.clearFaults();
  const again = await heddle(`install -y ${SMALL}`);
  expect(again.code, again.stderr).toBe(0);
  expect((await heddle(`install ${SMALL}`)).stderr).toContain('nothing was changed');
};

describe('an installation that meets', () => {
  it('an API server that is down ends with 69', async () => {
    const { directory } = createWorkspace({ kubeconfig: readFileSync(api.kubeconfig, 'utf8') });
    await api.close();
    const answer = await runCli(['install', '-y', '--kubeconfig', 'kubeconfig'], { cwd: directory });
    expect(errorOf(answer)).toContain('connection refused');
    expect(answer.code).toBe(69);
  });

  it('an API server that never answers ends with 75 within its limit', async () => {
    api.fault({}, { hang: true });
    const answer = await heddle(`install -y ${SMALL} --kubeclient-timeout 100ms`);
    expect(errorOf(answer)).toContain('did not answer within 0.1s');
    expect(answer.code).toBe(75);
  });

  it('an API server that answers slowly completes', async () => {
    runWorkloads(api);
    api.fault({}, { delayMs: 20 });
    const { code, stderr } = await heddle(`install -y ${SMALL}`);
    expect(code, stderr).toBe(0);
  });

  it('an empty kubeconfig, or none, says so', async () => {
    const { directory } = createWorkspace({ empty: '' });
    for (const file of ['empty', 'missing']) {
      const answer = await runCli(['install', '-y', '--kubeconfig', file], { cwd: directory });
      expect(errorOf(answer)).toContain(file);
      expect([64, 65, 69, 78]).toContain(answer.code);
    }
  });

  it('an unknown context names the ones there are', async () => {
    const answer = await heddle('install -y --context fak');
    expect(errorOf(answer)).toContain('fak');
    expect(answer.stderr).toContain('fake');
    expect(answer.code).toBe(64);
  });

  it.each([
    ['namespaces', 'get'],
    ['clusterroles', 'patch'],
    ['mutatingwebhookconfigurations', 'list'],
  ])('a user who may not %s/%s ends with 77 before anything is written', async (resource, verb) => {
    api.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
    api.forbid({ resource, verb });
    const answer = await heddle(`install -y ${SMALL}`);
    expect(errorOf(answer)).toMatch(/^Error: (not allowed|cannot)/);
    expect(answer.code).toBe(77);
    const written = api.requests.filter(({ verb: each, query }) => each === 'patch' && !query.has('dryRun'));
    expect(written).toEqual([]);
  });

  it('a user who may not see pods goes on, and says what was not looked at', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    api.forbid({ resource: 'pods' });
    const { code, stderr } = await heddle(`install -y ${SMALL}`);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('warning: not allowed to list pods');
  });

  it('a conflict tries again', async () => {
    runWorkloads(api);
    api.fault({ verb: 'patch', resource: 'deployments', times: 2 }, { statusCode: 409, reason: 'Conflict' });
    const { code, stderr } = await heddle(`install -y ${SMALL}`);
    expect(code, stderr).toBe(0);
  });

  it('a webhook that denies an object names it, before anything is written', async () => {
    api.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } });
    const message = 'admission webhook "policy.example.com" denied the request: no replicas';
    api.fault({ verb: 'patch', resource: 'deployments' }, { statusCode: 403, reason: 'Forbidden', message });
    const answer = await heddle(`install -y ${SMALL}`);
    expect(errorOf(answer)).toContain('policy.example.com');
    expect(answer.code).toBe(1);
    expect(
      api.store.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'istio-system', name: 'istio' }),
    ).toBeUndefined();
    runWorkloads(api);
    await expectRepair();
  });

  it('an API server that dies in the middle says what was done; the same command again completes it', async () => {
    runWorkloads(api);
    await heddle(`install --dry-run ${SMALL}`);
    const asked = api.requests.filter(({ verb }) => verb === 'patch').length;
    api.fault({ verb: 'patch', after: asked + 6 }, { reset: true });
    const answer = await heddle(`install -y ${SMALL}`);
    expect(errorOf(answer)).toContain('cannot');
    expect(answer.code).toBe(69);
    expect(answer.stderr).toMatch(/The installation is not complete: .*Istiod \d+ of \d+ changes, not ready/);
    expect(answer.stderr).toContain('the same command again completes the installation');
    await expectRepair();
  });

  it('a namespace that is being deleted does not fill it', async () => {
    const metadata = { name: 'istio-system', deletionTimestamp: '2026-01-01T00:00:00Z' };
    api.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata });
    const answer = await heddle(`install -y ${SMALL}`);
    expect(errorOf(answer)).toContain('being deleted');
    expect(answer.code).toBe(1);
  });

  it('another injector for the same pods refuses, unless forced', async () => {
    const selector = { matchLabels: { 'istio-injection': 'enabled' } };
    api.store.put({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'other-injector' },
      webhooks: [
        {
          name: 'namespace.sidecar-injector.istio.io',
          clientConfig: { service: { name: 'other', namespace: 'other' } },
          namespaceSelector: selector,
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const answer = await heddle(`install -y ${SMALL}`);
    expect(errorOf(answer)).toMatch(/overlaps with .*IST0139/);
    expect(answer.code).toBe(1);
    runWorkloads(api);
    const forced = await heddle(`install -y --force ${SMALL}`);
    expect(forced.code, forced.stderr).toBe(0);
    expect(forced.stderr).toContain('IST0139');
  });
});

describe('the wait of an installation', () => {
  const pod = (status: object): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'istiod-1',
      namespace: 'istio-system',
      labels: { app: 'istiod', 'istio.io/rev': 'default', istio: 'pilot' },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { containers: [{ name: 'discovery' }] },
    status,
  });
  const stuck = (reason: string, message: string, lastState = {}): object => ({
    containerStatuses: [{ name: 'discovery', state: { waiting: { reason, message } }, lastState }],
  });

  it.each([
    [
      'an image that cannot be pulled',
      stuck('ImagePullBackOff', 'no such tag'),
      'container discovery: ImagePullBackOff: no such tag',
    ],
    [
      'no node',
      { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
      'no node takes the pod: 0/3 nodes are available',
    ],
    [
      'a crash, with its last words',
      stuck('CrashLoopBackOff', 'back-off 10s', { terminated: { exitCode: 1 } }),
      'it said last: panic: no CA',
    ],
  ])('ends in time with 75 and the reason: %s', async (_, status, words) => {
    api.setLog('istio-system', 'istiod-1', 'panic: no CA\n');
    runWorkloads(api, () => false);
    api.store.put(pod(status));
    const answer = await heddle(`install -y ${SMALL} --readiness-timeout 400ms`);
    expect(errorOf(answer)).toContain(words);
    expect(answer.code).toBe(75);
    expect(answer.stderr).not.toContain('Installation complete');
  });

  it('does not begin what needs the component that failed', async () => {
    runWorkloads(api, () => false);
    const gateway = '--set components.ingressGateways.[0].name=a --set components.ingressGateways.[0].enabled=true';
    const answer = await heddle(`install -y ${SMALL} ${gateway} --readiness-timeout 300ms`);
    expect(answer.code).toBe(75);
    expect(answer.stderr).toContain('Ingress gateways not begun, because Istiod is not ready');
    expect(api.store.get({ ...ISTIOD, name: 'a' })).toBeUndefined();
  });

  it('ends with 130 on Ctrl-C, says what was done, and a second run completes it', async () => {
    runWorkloads(api, () => false);
    const interruption = new AbortController();
    const answer = await heddle(`install -y ${SMALL}`, {
      signal: interruption.signal,
      onWrite: (_, text) => {
        if (text.includes('waiting for Deployment')) interruption.abort('SIGINT');
      },
    });
    expect(answer.code).toBe(130);
    expect(answer.stderr).toContain('The installation is not complete');
    const deployment = api.store.get(ISTIOD) as KubernetesObject;
    runWorkloads(api);
    api.store.put({ ...deployment, metadata: { ...deployment.metadata, annotations: { touched: 'yes' } } });
    await expectRepair();
  });

  it('begins a watch again that the API server ends', async () => {
    let isWorking = false;
    runWorkloads(api, () => isWorking);
    const answer = heddle(`install -y ${SMALL}`, {
      onWrite: (_, text) => {
        if (!text.includes('waiting for Deployment') || isWorking) return;
        isWorking = true;
        api.endWatches();
        const deployment = api.store.get(ISTIOD) as KubernetesObject;
        api.store.put({ ...deployment, metadata: { ...deployment.metadata, annotations: { touched: 'yes' } } });
      },
    });
    expect((await answer).code).toBe(0);
  });
});

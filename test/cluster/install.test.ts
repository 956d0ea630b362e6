import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliOptions, type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { runWorkloads } from './workload-controller.ts';

// Charts are rendered and applied in every test, some of them large.
vi.setConfig({ testTimeout: 60_000 });

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
});
afterEach(() => api.close());

/** The control plane without the definitions, which are large. */
const SMALL = '--set profile=empty --set components.pilot.enabled=true';

const heddle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  runCli([...line.split(' '), '--kubeconfig', api.kubeconfig], options);

const ISTIOD = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'istio-system', name: 'istiod' };
const WEBHOOK = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
const writes = (): readonly string[] =>
  api.requests
    .filter(({ verb, query }) => ['patch', 'create', 'update', 'delete'].includes(verb) && !query.has('dryRun'))
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
const gateway = (isEnabled: boolean): string =>
  `--set components.ingressGateways.[0].name=istio-ingressgateway --set components.ingressGateways.[0].enabled=${isEnabled}`;

interface Planned {
  readonly summary: Readonly<Record<string, number>>;
  readonly components: readonly {
    readonly name: string;
    readonly items: readonly { readonly kind: string; readonly name: string; readonly change: string }[];
  }[];
}

describe('install', () => {
  it('shows the plan, applies every component when what it needs is ready, and says how to undo it', async () => {
    runWorkloads(api);
    const { code, stdout, stderr } = await heddle('install -y');
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Istio \S+, profile default, revision default, on http\S+ \(context "fake"\)$/m);
    const order = ['Istio core installed', 'Istiod installed', 'Ingress gateways installed', 'Installation complete'];
    const places = order.map((each) => stderr.indexOf(each));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(stderr).toContain('To undo: heddle uninstall --purge');
    expect(api.store.get(ISTIOD)?.metadata.labels).toMatchObject({
      'operator.istio.io/managed': 'Reconcile',
      'operator.istio.io/component': 'Pilot',
      'istio.io/rev': 'default',
      'install.operator.istio.io/owning-resource-namespace': 'istio-system',
    });
    expect(
      api.store.get({ apiVersion: 'v1', kind: 'Namespace', name: 'istio-system' })?.metadata.labels,
    ).not.toHaveProperty(['operator.istio.io/managed']);
  });

  it('makes the first revision the default, with an injector beside it that matches nothing', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
    const [injector, tag] = ['istio-sidecar-injector', 'istio-revision-tag-default'].map((name) =>
      api.store.get({ ...WEBHOOK, name }),
    );
    expect(injector?.['webhooks']).toEqual(
      expect.arrayContaining([expect.objectContaining({ namespaceSelector: never, objectSelector: never })]),
    );
    expect(tag?.metadata.labels).toMatchObject({
      'istio.io/tag': 'default',
      'istio.io/rev': 'default',
      'install.operator.istio.io/owning-resource-not-pruned': 'true',
    });
  });

  it('leaves the default tag where it is for a second revision, and takes it back with the unnamed one', async () => {
    runWorkloads(api);
    await heddle(`install -y -r canary ${SMALL}`);
    const tagged = () =>
      api.store.get({ ...WEBHOOK, name: 'istio-revision-tag-default' })?.metadata.labels?.['istio.io/rev'];
    expect(tagged()).toBe('canary');
    await heddle(`install -y -r other ${SMALL}`);
    expect(tagged()).toBe('canary');
    const { stderr } = await heddle(`install -y ${SMALL}`);
    expect(tagged()).toBe('default');
    expect(stderr).toContain('the default tag, which led to revision "canary", leads to this installation from now on');
  });

  it('leaves the default tag where a user has set it, as long as that revision is there', async () => {
    runWorkloads(api);
    const tagged = () =>
      api.store.get({ ...WEBHOOK, name: 'istio-revision-tag-default' })?.metadata.labels?.['istio.io/rev'];
    await heddle(`install -y ${SMALL}`);
    await heddle(`install -y -r canary ${SMALL}`);
    await heddle('tag set default -r canary --overwrite');
    const again = await heddle(`install -y ${SMALL}`);
    expect(again.stderr).toContain('warning: the default tag stays with revision "canary", to which somebody set it');
    expect(again.stderr).toContain('nothing was changed');
    expect(tagged()).toBe('canary');
    expect((await heddle(`verify-install ${SMALL}`)).code).toBe(0);
    await heddle('uninstall -y -r canary');
    const { stderr } = await heddle(`install -y ${SMALL}`);
    expect(stderr).toContain('the default tag, which led to revision "canary", leads to this installation from now on');
    expect(tagged()).toBe('default');
  });

  it('writes nothing when nothing has changed, and asks nobody', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    const before = writes().length;
    const { code, stderr } = await heddle(`install ${SMALL}`);
    expect(code, stderr).toBe(0);
    expect(writes()).toHaveLength(before);
    expect(stderr).toContain('nothing was changed');
  });

  it('keeps what istiod wrote into the webhooks', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    const name = 'istio-validator-istio-system';
    const ref = { apiVersion: WEBHOOK.apiVersion, kind: 'ValidatingWebhookConfiguration', name };
    const validator = api.store.get(ref) as KubernetesObject;
    const [webhook] = validator['webhooks'] as readonly Readonly<Record<string, unknown>>[];
    const served = {
      ...webhook,
      failurePolicy: 'Fail',
      clientConfig: { ...(webhook?.['clientConfig'] as object), caBundle: 'Q0E=' },
    };
    api.store.put({ ...validator, webhooks: [served] });
    const { stderr } = await heddle(`install ${SMALL}`);
    expect(stderr).toContain('nothing was changed');
    expect(api.store.get(ref)?.['webhooks']).toMatchObject([
      { failurePolicy: 'Fail', clientConfig: { caBundle: 'Q0E=' } },
    ]);
  });

  it('changes the fields that the settings change, and removes exactly the objects of a component that is switched off', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL} ${gateway(true)}`);
    const foreign = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'istio-system' } };
    api.store.put(foreign);
    const more = '--set values.pilot.env.PILOT_X=y';
    const { stdout } = await heddle(`install --dry-run -o json ${SMALL} ${gateway(false)} ${more}`);
    const { components, summary } = JSON.parse(stdout) as Planned;
    const removed = components.flatMap(({ items }) => items).filter(({ change }) => change === 'remove');
    expect(components.find(({ name }) => name === 'ingressGateways')?.items).toEqual(removed);
    expect(summary['remove']).toBe(removed.length);
    expect(removed.map(({ kind, name }) => `${kind} ${name}`)).toContain('Deployment istio-ingressgateway');
    const { code, stderr } = await heddle(`install -y ${SMALL} ${gateway(false)} ${more}`);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('spec.template.spec.containers[name=discovery].env[name=PILOT_X]');
    for (const { kind, name } of removed) expect(stderr).toContain(`removed ${kind} istio-system/${name}`);
    expect(api.store.get({ ...ISTIOD, name: 'istio-ingressgateway' })).toBeUndefined();
    expect(api.store.get({ ...foreign, namespace: 'istio-system', name: 'mine' })).toBeDefined();
    expect((await heddle(`install ${SMALL} ${gateway(false)} ${more}`)).stderr).toContain('nothing was changed');
  });

  it('takes over what another release of istioctl installed, and removes what that has left', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    const labels = {
      'operator.istio.io/managed': 'Reconcile',
      'operator.istio.io/component': 'Pilot',
      'operator.istio.io/version': '1.20.0',
      'istio.io/rev': 'default',
      'install.operator.istio.io/owning-resource-namespace': 'istio-system',
    };
    const old = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'old', namespace: 'istio-system', labels } };
    const other = {
      ...old,
      metadata: { ...old.metadata, name: 'other', labels: { ...labels, 'istio.io/rev': 'other' } },
    };
    for (const object of [old, other]) api.store.put(object);
    const { stderr } = await heddle(`install -y ${SMALL}`);
    expect(stderr).toContain('removed ConfigMap istio-system/old');
    expect(stderr).not.toContain('istio-system/other');
  });

  it('warns which pods keep an older proxy, and of Kubernetes that is too old', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL} --set tag=1.30.0`);
    const pod = (name: string): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', annotations: { 'sidecar.istio.io/status': '{"revision":"default"}' } },
      spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0' }] },
    });
    for (const name of ['a', 'b']) api.store.put(pod(name));
    const { stdout } = await heddle(`upgrade --dry-run ${SMALL} --set tag=1.31.1`);
    expect(stdout).toContain('istiod goes from 1.30.0 to 1.31.1');
    expect(stdout).toContain('2 pods keep their proxies of 1.30.0 until restarted: 2 in "shop"');
  });

  it('plans without a change and without asking under --dry-run', async () => {
    const { code, stdout, stderr } = await heddle('install --dry-run --set profile=demo');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('  + Deployment istio-system/istio-egressgateway');
    expect(writes()).toEqual([]);
  });

  it('answers with events, one JSON document a line, or one document', async () => {
    runWorkloads(api);
    const { stdout } = await heddle(`install -y ${SMALL} -o ndjson`);
    const events = stdout
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { readonly kind: string; readonly type?: string; readonly component?: string },
      );
    expect(events[0]?.kind).toBe('InstallPlan');
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'InstallEvent', type: 'installed', component: 'pilot' }),
    );
    const tried = await heddle(`install --dry-run -o ndjson ${SMALL} --set values.pilot.autoscaleMin=3`);
    expect(tried.stdout).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(tried.stdout)).toMatchObject({ kind: 'InstallPlan', summary: { change: 2 } });
    const refused = await heddle(`install -y -o ndjson -r Not_A_Label ${SMALL}`);
    expect(refused.stdout).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'BAD_REVISION' } });
    const again = await heddle(`install -o json ${SMALL}`);
    expect(JSON.parse(again.stdout)).toMatchObject({
      kind: 'Installation',
      summary: { create: 0, change: 0, remove: 0 },
    });
  });

  it('asks nobody without a terminal, but says which flag answers', async () => {
    const { code, stderr } = await heddle(`install ${SMALL}`);
    expect(code).toBe(64);
    expect(stderr).toContain('--yes');
    expect(writes()).toEqual([]);
  });

  it('takes no for an answer, and an empty line for no', async () => {
    for (const stdin of ['n\n', '\n', '', 'what\nno\n']) {
      const { code, stderr } = await heddle(`install ${SMALL}`, { stdin, stdinIsTty: true });
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('Cancelled.');
    }
    expect(writes()).toEqual([]);
    runWorkloads(api);
    expect((await heddle(`install ${SMALL}`, { stdin: 'y\n', stdinIsTty: true })).code).toBe(0);
  });

  it('verifies when it is done that the cluster has what was asked', async () => {
    runWorkloads(api);
    expect((await heddle(`install -y --verify ${SMALL}`)).stderr).toContain('every object is as installed');
    api.store.onChange(({ object, type }) => {
      const { spec } = object as { readonly spec?: { readonly minReplicas?: number } };
      if (object.kind === 'HorizontalPodAutoscaler' && type !== 'DELETED' && spec?.minReplicas === 3)
        api.store.put({ ...object, spec: { ...spec, minReplicas: 7 } });
    });
    const { code, stderr } = await heddle(`install -y --verify ${SMALL} --set values.pilot.autoscaleMin=3`);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('spec.minReplicas');
  });

  it.each([
    ['install -r Not_A_Label', 64, 'invalid revision specified'],
    ['install now', 64, 'takes no argument'],
    ['install --set profile=nope', 1, 'there is no profile "nope"'],
    ['install --context nope', 64, 'nope'],
  ])('refuses "%s"', async (line, expected, words) => {
    const { code, stderr } = await heddle(line);
    expect(stderr).toContain(words);
    expect(code).toBe(expected);
    expect(writes()).toEqual([]);
  });
});

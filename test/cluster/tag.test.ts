import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { type CliOptions, type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

// Tags are rendered from charts.
vi.setConfig({ testTimeout: 60_000 });

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
  namespace('istio-system', {});
});
afterEach(() => api.close());

const INJECTOR = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
const VALIDATOR = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' };
const BUNDLE = Buffer.from('root').toString('base64');

const heddle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  runCli([...line.split(' '), '--kubeconfig', api.kubeconfig], options);

/** What an installation of a revision leaves, as far as tags care. */
const revision = (name: string): void => {
  const suffix = name === 'default' ? '' : `-${name}`;
  const labels = { 'istio.io/rev': name, 'operator.istio.io/component': 'Pilot', release: 'istio' };
  const clientConfig = {
    service: { name: `istiod${suffix}`, namespace: 'istio-system', path: '/inject', port: 443 },
    caBundle: BUNDLE,
  };
  const selector = (key: string, value: string) => ({ matchLabels: { [key]: value } });
  api.store.put({
    ...INJECTOR,
    metadata: { name: `istio-sidecar-injector${suffix}`, labels: { ...labels, app: 'sidecar-injector' } },
    webhooks: [
      {
        name: 'namespace.sidecar-injector.istio.io',
        clientConfig,
        namespaceSelector: name === 'default' ? selector('istio-injection', 'enabled') : selector('istio.io/rev', name),
      },
    ],
  });
  api.store.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `istiod${suffix}`, namespace: 'istio-system', labels: { ...labels, app: 'istiod' } },
    spec: { ports: [{ port: 443 }] },
  });
};

const namespace = (name: string, labels: Readonly<Record<string, string>>): void =>
  void api.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

const found = (kind: { readonly apiVersion: string; readonly kind: string }, name: string): KubernetesObject => {
  const object = api.store.get({ ...kind, name });
  if (object === undefined) throw new Error(`there is no ${kind.kind} ${name}`);
  return object;
};

const tags = async (): Promise<unknown> => JSON.parse((await heddle('tag list -o json-compat')).stdout);

describe('tag set', () => {
  it('makes a tag that leads where the revision leads, and that no installation owns', async () => {
    revision('canary');
    namespace('shop', { 'istio.io/rev': 'prod' });
    const { code, stdout, stderr } = await heddle('tag set prod -r canary');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Revision tag "prod" created, referencing control plane revision "canary".');
    expect(stderr).toContain('New pods of shop follow the tag');
    expect(stderr).toContain('To undo: heddle tag remove prod');
    const webhook = found(INJECTOR, 'istio-revision-tag-prod');
    expect(webhook.metadata.labels).toMatchObject({
      app: 'sidecar-injector',
      'istio.io/rev': 'canary',
      'istio.io/tag': 'prod',
    });
    expect(Object.keys(webhook.metadata.labels ?? {}).filter((key) => key.includes('operator.istio.io'))).toEqual([]);
    expect(webhook['webhooks']).toContainEqual(
      expect.objectContaining({
        name: 'rev.namespace.sidecar-injector.istio.io',
        clientConfig: {
          service: { name: 'istiod-canary', namespace: 'istio-system', path: '/inject', port: 443 },
          caBundle: BUNDLE,
        },
      }),
    );
    expect(
      api.store.get({ apiVersion: 'v1', kind: 'Service', namespace: 'istio-system', name: 'istiod-revision-tag-prod' }),
    ).toMatchObject({ spec: { selector: { app: 'istiod', 'istio.io/rev': 'canary' } } });
    expect(await tags()).toEqual([{ tag: 'prod', revision: 'canary', namespaces: ['shop'] }]);
  });

  it('refuses in the order and the words of istioctl', async () => {
    const refused = async (line: string, words: string, code = 1): Promise<void> => {
      const result = await heddle(line);
      expect([result.code, result.stderr], line).toEqual([code, expect.stringContaining(words)]);
    };
    await refused('tag set prod', '--revision is missing', 64);
    await refused('tag set', 'TAG', 64);
    await refused('tag set Prod_ -r canary', '"Prod_" cannot name a tag', 64);
    await refused('tag set prod -r nope', 'cannot find MutatingWebhookConfiguration or Service with revision "nope"');
    revision('canary');
    await refused('tag set prod -r nope', 'the revisions here are canary');
    await refused('tag set canary -r canary', 'found existing control plane revision with same name');
    expect((await heddle('tag set prod -r canary')).code).toBe(0);
    await refused('tag set prod -r canary', 'revision tag "prod" already exists, and --overwrite is false');
    api.store.put({
      ...found(INJECTOR, 'istio-sidecar-injector-canary'),
      metadata: { name: 'again', labels: { 'istio.io/rev': 'canary' } },
    });
    await refused('tag set prod -r canary --overwrite', 'found multiple canonical webhooks');
  });

  it('moves a tag with --overwrite, and says the way back', async () => {
    revision('old');
    revision('new');
    await heddle('tag set prod -r old');
    const { code, stderr } = await heddle('tag set prod -r new --overwrite');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('To undo: heddle tag set prod -r old --overwrite');
    expect(await tags()).toEqual([
      { tag: 'prod', revision: 'new', namespaces: [] },
      { tag: '', revision: 'old', namespaces: [] },
    ]);
    expect(JSON.stringify(found(INJECTOR, 'istio-revision-tag-prod'))).toContain('"istiod-new"');
  });

  it('lets the injector of the unnamed revision rest beside the default tag, and keeps a validator that refuses', async () => {
    revision('default');
    revision('canary');
    api.store.put({
      ...VALIDATOR,
      metadata: { name: 'istiod-default-validator' },
      webhooks: [{ name: 'validation.istio.io', failurePolicy: 'Fail' }],
    });
    const { code, stderr } = await heddle('tag set default -r canary');
    expect(code, stderr).toBe(0);
    expect(found(INJECTOR, 'istio-sidecar-injector')['webhooks']).toMatchObject([
      { namespaceSelector: { matchLabels: { 'istio.io/deactivated': 'never-match' } } },
    ]);
    expect(found(VALIDATOR, 'istiod-default-validator')['webhooks']).toMatchObject([
      { failurePolicy: 'Fail', clientConfig: { service: { name: 'istiod-canary' } } },
    ]);
    expect(stderr).not.toContain('warning');
  });

  it('asks before pods would be injected twice', async () => {
    revision('canary');
    api.store.put({
      ...INJECTOR,
      metadata: { name: 'other' },
      webhooks: [
        {
          name: 'other.istio.io',
          clientConfig: { url: 'https://other.example/inject' },
          namespaceSelector: { matchLabels: { 'istio.io/rev': 'prod' } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const without = await heddle('tag set prod -r canary');
    expect([without.code, without.stderr]).toEqual([64, expect.stringContaining('answer beforehand with --yes')]);
    expect(without.stderr).toContain('IST0139');
    const declined = await heddle('tag set prod -r canary', { stdinIsTty: true, stdin: 'n\n' });
    expect([declined.code, declined.stderr]).toEqual([1, expect.stringContaining('Cancelled.')]);
    expect(api.store.get({ ...INJECTOR, name: 'istio-revision-tag-prod' })).toBeUndefined();
    expect((await heddle('tag set prod -r canary -y')).code).toBe(0);
    found(INJECTOR, 'istio-revision-tag-prod');
  });

  it('shows with --dry-run what it would apply, and has its flags mean something', async () => {
    revision('canary');
    const line = 'tag set prod -r canary --webhook-name mine --auto-inject-namespaces';
    const { code, stdout } = await heddle(`${line} --dry-run -o json`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'RevisionTag',
      items: [{ kind: 'MutatingWebhookConfiguration', name: 'mine' }, { kind: 'Service' }],
    });
    expect(api.requests.filter(({ verb }) => verb === 'patch')).toEqual([]);
    expect((await heddle(line)).code).toBe(0);
    const webhooks = found(INJECTOR, 'mine')['webhooks'] as readonly unknown[];
    expect(webhooks.length).toBeGreaterThan(0);
    const other = await heddle('tag generate prod -r canary -d src/cli --overwrite');
    expect([other.code, other.stderr]).toEqual([65, expect.stringContaining('cannot read charts and profiles')]);
    // Services are looked for where istiod is.
    api.store.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a', namespace: 'mesh', labels: { 'istio.io/rev': 'remote', app: 'istiod' } },
    });
    expect((await heddle('tag list')).stdout).not.toContain('remote');
    expect((await heddle('tag list -i mesh')).stdout).toContain('remote');
  });

  it('ends with the code of what is wrong, and the second run completes', async () => {
    revision('default');
    revision('canary');
    api.fault({ verb: 'update', times: 1 }, { statusCode: 409, message: 'somebody was faster' });
    const first = await heddle('tag set default -r canary');
    expect([first.code, first.stderr]).toEqual([1, expect.stringContaining('somebody was faster')]);
    const second = await heddle('tag set default -r canary --overwrite');
    expect(second.code, second.stderr).toBe(0);
    expect(JSON.stringify(found(INJECTOR, 'istio-sidecar-injector'))).toContain('never-match');
    api.forbid({ resource: 'mutatingwebhookconfigurations' });
    expect((await heddle('tag list')).code).toBe(77);
    expect((await heddle('tag set a -r canary')).code).toBe(77);
    api.clearFaults();
    api.fault({ resource: 'services' }, { hang: true });
    expect((await heddle('tag list --kubeclient-timeout 200ms')).code).toBe(75);
    expect((await heddle('tag list --context nope')).code).toBe(64);
  });
});

describe('tag generate', () => {
  it('prints the tag and changes nothing', async () => {
    revision('default');
    const { code, stdout, stderr } = await heddle('tag generate x -r default');
    expect(code, stderr).toBe(0);
    const kinds = loadYaml({ name: 'tag.yaml', text: stdout }).documents.flatMap(({ value }) =>
      value === null || value === undefined ? [] : [(value as unknown as KubernetesObject).kind],
    );
    expect(kinds).toEqual(['MutatingWebhookConfiguration', 'Service']);
    expect(JSON.parse((await heddle('tag generate default -r default -o json')).stdout).items).toHaveLength(3);
    expect(api.requests.filter(({ verb }) => ['patch', 'update', 'create'].includes(verb))).toEqual([]);
  });
});

describe('tag list', () => {
  it('has revisions without a tag as well', async () => {
    expect((await heddle('tag list')).stdout).toBe('No Istio revision tags found.\n');
    revision('default');
    revision('canary');
    await heddle('tag set prod -r default');
    const { stdout } = await heddle('tag show');
    expect(stdout).toMatch(/^TAG +REVISION +NAMESPACES\n- +canary +-\nprod +default +-\n$/);
    expect(JSON.parse((await heddle('tag list -o json')).stdout)).toMatchObject({
      kind: 'RevisionTagList',
      items: [{ tag: '', revision: 'canary' }, { tag: 'prod' }],
    });
  });
});

describe('tag remove', () => {
  it('removes webhook, Service and validator, and nothing of the revision', async () => {
    revision('canary');
    await heddle('tag set default -r canary');
    expect((await heddle('tag remove default --dry-run')).stdout).toContain('remove MutatingWebhookConfiguration');
    const { code, stdout } = await heddle('tag delete default');
    expect([code, stdout]).toEqual([0, 'Revision tag default removed\n']);
    expect(api.store.list(INJECTOR).map(({ metadata }) => metadata.name)).toEqual(['istio-sidecar-injector-canary']);
    expect(api.store.list(VALIDATOR)).toEqual([]);
    const again = await heddle('tag remove default');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('cannot remove tag "default"')]);
  });

  it('asks where namespaces follow the tag', async () => {
    revision('canary');
    await heddle('tag set default -r canary');
    namespace('shop', { 'istio-injection': 'enabled' });
    namespace('web', { 'istio.io/rev': 'default' });
    const without = await heddle('tag remove default');
    expect([without.code, without.stderr]).toEqual([64, expect.stringContaining('2 namespaces are still injected')]);
    const declined = await heddle('tag remove default', { stdinIsTty: true, stdin: '\n' });
    expect([declined.code, declined.stderr]).toEqual([1, expect.stringContaining('Aborting operation.')]);
    const agreed = await heddle('tag remove default', { stdinIsTty: true, stdin: 'y\n' });
    expect(agreed.code, agreed.stderr).toBe(0);
    const near = await heddle('tag remove prd');
    expect(near.stderr).toContain('there are no tags');
  });
});

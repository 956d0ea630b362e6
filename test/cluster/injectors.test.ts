import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';

const NEVER = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
const expression = (key: string, operator: string, ...values: readonly string[]) => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
});

/** The webhooks of a default revision, as Istio's chart has them. */
const WEBHOOKS = [
  {
    name: 'namespace.sidecar-injector.istio.io',
    namespaceSelector: { matchExpressions: [expression('istio-injection', 'In', 'enabled')] },
    objectSelector: { matchExpressions: [expression('sidecar.istio.io/inject', 'NotIn', 'false')] },
  },
  {
    name: 'object.sidecar-injector.istio.io',
    namespaceSelector: {
      matchExpressions: [expression('istio-injection', 'DoesNotExist'), expression('istio.io/rev', 'DoesNotExist')],
    },
    objectSelector: {
      matchExpressions: [
        expression('sidecar.istio.io/inject', 'In', 'true'),
        expression('istio.io/rev', 'DoesNotExist'),
      ],
    },
  },
];

const configuration = (name: string, revision: string, webhooks: readonly object[]): KubernetesObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name, labels: { 'istio.io/rev': revision, app: 'sidecar-injector' } },
  webhooks,
});

const namespace = (name: string, labels: Record<string, string> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const pod = (name: string, space: string, fields: { revision?: string; labels?: Record<string, string> } = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: space,
    labels: { app: name, ...fields.labels },
    ...(fields.revision && { annotations: { 'istio.io/rev': fields.revision } }),
  },
  spec: { containers: [{ name: 'app' }, ...(fields.revision ? [{ name: 'istio-proxy' }] : [])] },
});

const OBJECTS: readonly KubernetesObject[] = [
  configuration('istio-revision-tag-default', 'default', WEBHOOKS),
  configuration(
    'istio-sidecar-injector',
    'default',
    WEBHOOKS.map((webhook) => ({ ...webhook, namespaceSelector: NEVER, objectSelector: NEVER })),
  ),
  configuration('other', '', [{ name: 'webhook.example.com' }]),
  namespace('app', { 'istio-injection': 'enabled' }),
  namespace('plain'),
  namespace('off', { 'istio-injection': 'disabled' }),
  namespace('lost', { 'istio.io/rev': 'gone' }),
  namespace('istio-system'),
  namespace('kube-system'),
  pod('web', 'app', { revision: 'default' }),
  pod('old', 'app'),
  pod('out', 'app', { labels: { 'sidecar.istio.io/inject': 'false' } }),
  pod('wants', 'plain', { labels: { 'sidecar.istio.io/inject': 'true' } }),
  pod('alone', 'off', { labels: { 'sidecar.istio.io/inject': 'true' } }),
  pod('canary', 'app', { revision: 'canary' }),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio-sidecar-injector', namespace: 'istio-system', labels: { 'istio.io/rev': 'default' } },
    data: { values: JSON.stringify({ global: { hub: 'hub.example', tag: '1.32.0', proxy: { image: 'proxyv2' } } }) },
  },
];

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ objects: OBJECTS });
});
afterEach(() => api.close());

const run = (...argv: string[]) => runCli([...argv, '--kubeconfig', api.kubeconfig]);

describe('check-inject', () => {
  it('says of each webhook of Istio what it does, and why', async () => {
    const { code, stdout, stderr } = await run('check-inject', 'web.app');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|'))).toEqual([
      'WEBHOOK|REVISION|INJECTED|REASON',
      'istio-revision-tag-default|default|✔|Namespace label istio-injection=enabled matches',
      'istio-sidecar-injector|default|✘|The injection webhook is deactivated, and will never match labels.',
      '',
    ]);
  });

  it.each([
    [['out.app'], '✘', 'Pod has sidecar.istio.io/inject=false label, preventing injection', ''],
    [['wants.plain'], '✔', 'Pod label sidecar.istio.io/inject=true matches', 'wants.plain has no proxy'],
    [['alone.off'], '✘', 'Namespace has istio-injection=disabled label, preventing injection', ''],
    [['old.app'], '✔', 'Namespace label istio-injection=enabled matches', 'create it again'],
    [['canary.app'], '✔', 'Namespace label', 'has the proxy of revision canary, and would get that of default'],
    [['-n', 'plain', '-l', 'app=a'], '✘', 'No matching namespace labels (istio-injection=enabled)', ''],
    [['-n', 'plain', '-l', 'sidecar.istio.io/inject=true'], '✔', 'Pod label sidecar.istio.io/inject=true', ''],
  ])('%o is judged by the labels of pod and namespace', async (argv, mark, reason, remark) => {
    const { code, stdout, stderr } = await run('check-inject', ...argv);
    expect(code).toBe(0);
    const line = stdout.split('\n').find((each) => each.startsWith('istio-revision-tag-default'));
    expect(line).toContain(mark);
    expect(line).toContain(reason);
    expect(stderr).toContain(remark);
    if (remark === '') expect(stderr).toBe('');
  });

  it('fails where two webhooks inject the same pod', async () => {
    api.store.put(configuration('istio-sidecar-injector', 'default', WEBHOOKS));
    const { code, stderr } = await run('check-inject', 'web.app');
    expect(code).toBe(79);
    expect(stderr).toContain('istio-revision-tag-default and istio-sidecar-injector all inject');
  });

  it('has all of it for scripts', async () => {
    const { stdout } = await run('check-inject', 'old.app', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'InjectionCheck',
      namespace: 'app',
      pod: { name: 'old', hasProxy: false },
      items: [{ injected: true }, { injected: false }],
    });
  });

  it.each([
    [['-n', 'plian', '-l', 'app=a'], 1, 'did you mean plain?'],
    [['wbe.app'], 1, 'did you mean web.app?'],
    [['-l', 'app'], 64, 'KEY=VALUE'],
    [[], 64, 'either a pod, or labels'],
    [['web.app', '-l', 'a=b'], 64, 'either a pod, or labels'],
  ])('refuses %o', async (argv, exitCode, words) => {
    const { code, stderr } = await run('check-inject', ...argv);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(words);
  });
});

describe('injector list', () => {
  it('counts pods by namespace and revision, and names whom each injector serves', async () => {
    const { code, stdout } = await run('x', 'injector', 'list');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|'))).toEqual([
      'NAMESPACE|ISTIO-REVISION|POD-REVISIONS',
      'app|default|canary: 1 NEEDS RESTART: 1',
      'app|default|<non-Istio>: 2 (injection disabled: 1) NEEDS RESTART: 1',
      'app|default|default: 1',
      'lost|MISSING/gone|<no pods>',
      'off|-|<non-Istio>: 1',
      'plain|default|<non-Istio>: 1 NEEDS RESTART: 1',
      '',
      'NAMESPACES|INJECTOR-HOOK|ISTIO-REVISION|SIDECAR-IMAGE',
      'app|istio-revision-tag-default|default|hub.example/proxyv2:1.32.0',
      'DOES NOT AUTOINJECT|istio-sidecar-injector|default|hub.example/proxyv2:1.32.0',
      '',
    ]);
  });

  it('keeps to one namespace, and says that a name is misspelt', async () => {
    const { stdout } = await run('injector', 'list', '-n', 'lost', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'InjectorList', pods: [{ namespace: 'lost', pods: 0 }] });
    expect(await run('injector', 'list', '-n', 'lsot')).toMatchObject({ code: 1 });
  });
});

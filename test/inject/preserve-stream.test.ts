import { beforeAll, describe, expect, it } from 'vitest';
import type { Packing } from '../../src/inject/keep-original.ts';
import { preserveStream } from '../../src/inject/preserve-stream.ts';
import { meshRules } from '../../src/inject/rules.ts';
import { uninjectStream } from '../../src/inject/uninject-stream.ts';
import { installationOf, loadDescriptors } from './installation.ts';

beforeAll(loadDescriptors);

const TEMPLATE = `
metadata:
  labels:
    service.istio.io/canonical-name: {{ index .ObjectMeta.Labels "app" | default .DeploymentMeta.Name }}
spec:
  initContainers:
  - {name: istio-init, image: "{{ .ProxyInitImage }}"}
  containers:
  - name: istio-proxy
    image: "{{ .ProxyImage }}"
  volumes:
  - {name: istio-envoy, emptyDir: {}}
`;
const VALUES = '{"global":{"hub":"hub","tag":"1"},"sidecarInjectorWebhook":{"rewriteAppHTTPProbe":true}}';

const packing: Packing = {
  pack: (text) => Buffer.from(text).toString('base64'),
  unpack: (word) => Buffer.from(word, 'base64').toString(),
  digest: (text) => String(text.length),
};

const DEPLOYMENT = `# the web
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop} # here
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {prometheus.io/port: "9090"}}
    spec:
      containers:
      - {name: web, image: nginx, livenessProbe: {httpGet: {path: /, port: 80}, timeoutSeconds: 2}}
`;
const CONFIG_MAP = 'kind: ConfigMap # as it is\napiVersion: v1\nmetadata:   {name: c}\n';
const STREAM = `---\n${CONFIG_MAP}---\n${DEPLOYMENT}--- # end\n`;

const labelled = (labels: Readonly<Record<string, string>>) =>
  meshRules({
    namespaces: new Map([['shop', { labels, annotations: {} }]]),
    defaultNamespace: 'default',
    policy: { policy: 'enabled', neverInjectSelector: [], alwaysInjectSelector: [] },
  });
const ENABLED = labelled({ 'istio-injection': 'enabled' });

const inject = (text: string, rules = ENABLED, packs: Packing | undefined = packing) =>
  preserveStream(installationOf({ config: TEMPLATE, values: VALUES }), { name: 'in.yaml', text }, rules, packs);
const uninject = async (text: string) =>
  uninjectStream((await loadDescriptors()).structs, { name: 'in.yaml', text }, packing);

describe('injection into files of people', () => {
  it('changes what is injected, and no other byte', () => {
    const { text, outcomes } = inject(STREAM);
    expect(text.startsWith(`---\n${CONFIG_MAP}---\n# the web\n`)).toBe(true);
    expect(text).toContain('image: hub/proxyv2:1');
    expect(outcomes).toMatchObject([{ kind: 'Deployment', name: 'web', injected: true, changes: true }]);
  });

  it('leaves a stream alone in which nothing is injected', () => {
    const { text, outcomes } = inject(STREAM, labelled({}));
    expect(text).toBe(STREAM);
    expect(outcomes).toMatchObject([{ injected: false, changes: false }]);
  });

  it('does nothing the second time', () => {
    const { text } = inject(STREAM);
    expect(inject(text).text).toBe(text);
    expect(inject(text).outcomes).toMatchObject([{ injected: true, changes: false }]);
  });

  it('is undone to the byte', async () => {
    for (const stream of [STREAM, DEPLOYMENT, DEPLOYMENT.trimEnd(), STREAM.replaceAll('\n', '\r\n')]) {
      const { text } = inject(stream);
      expect(text).not.toBe(stream);
      expect(await uninject(text)).toBe(stream);
    }
  });

  it('is undone by its annotations where the document has been edited', async () => {
    const edited = inject(STREAM).text.replace('image: nginx', 'image: caddy:2');
    const restored = await uninject(edited);
    expect(restored).toContain('image: caddy:2');
    expect(restored).toContain('prometheus.io/port: "9090"');
    expect(restored).toMatch(/httpGet:\n\s+path: \/\n\s+port: 80\n/);
    expect(restored).not.toMatch(/istio/);
  });

  it('takes the labels of a CronJob’s pods, not of its job template', () => {
    const cronJob = `apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {metadata: {labels: {sidecar.istio.io/inject: "true"}}, spec: {containers: []}}}}}
`;
    expect(inject(cronJob).outcomes).toMatchObject([{ kind: 'CronJob', injected: true }]);
  });

  it('says where a pod cannot be injected', () => {
    const { problems } = inject(STREAM.replace('prometheus.io/port: "9090"', 'prometheus.io/port: "15090"'));
    expect(problems).toMatchObject([{ code: 'NOT_INJECTABLE', span: { line: 7 } }]);
  });
});

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { injectStream } from '../../src/inject/inject-stream.ts';
import type { Installation } from '../../src/inject/installation.ts';
import { GIVEN_RULES } from '../../src/inject/rules.ts';
import { installationOf, loadDescriptors } from './installation.ts';

beforeAll(loadDescriptors);

const templateOf = (name: string): string =>
  readFileSync(new URL(`../../templates/injection/${name}.yaml`, import.meta.url), 'utf8');

const installation = (): Installation =>
  installationOf({ config: templateOf('sidecar'), mesh: templateOf('mesh'), values: templateOf('values') });

/** A Deployment's name, its pods' annotations in flow style, and more lines of its container. */
const deployment = (name: string, annotations: string, container = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: ${name}}
      annotations: {${annotations}}
    spec:
      containers:
      - name: app
        image: registry.example/app
${container}`;

const PORTS = '        ports: [{containerPort: 8080, name: http}]\n';
const PROBE = `${PORTS}        readinessProbe: {httpGet: {path: /ready, port: http}}\n`;
const LIFECYCLE = '        lifecycle: {preStop: {httpGet: {path: /stop, port: 8080}}}\n';
const VOLUME = `        volumeMounts: [{name: istio-envoy, mountPath: /x}]
      volumes: [{name: istio-envoy, emptyDir: null}, {name: own, emptyDir: {}}]\n`;

const WORKLOADS: readonly string[] = [
  deployment('shop', ''),
  deployment('cart', ''),
  deployment('"1"', ''),
  deployment('"yes"', ''),
  deployment('shop.v1', 'a: "b"'),
  deployment('shop', '', PORTS),
  deployment('other', '', PORTS),
  deployment('shop', '', PROBE),
  deployment('cart', '', PROBE),
  deployment('cart', '', LIFECYCLE),
  deployment('shop', '', VOLUME),
  deployment('cart', '', VOLUME),
  deployment('shop', 'sidecar.istio.io/interceptionMode: TPROXY'),
  deployment('shop', 'sidecar.istio.io/proxyCPU: 100m, sidecar.istio.io/proxyMemory: "1.5Gi"'),
  deployment('shop', 'sidecar.istio.io/proxyCPU: "0.1", sidecar.istio.io/proxyMemory: "2Gi"'),
  deployment('shop', 'sidecar.istio.io/logLevel: "a\\"b\\\\c\\n"'),
  deployment('shop', 'sidecar.istio.io/logLevel: "läuft"'),
  deployment('shop', 'sidecar.istio.io/logLevel: "&a *b !c"'),
  deployment('shop', `proxy.istio.io/config: "concurrency: 3"`),
  deployment('shop', 'status.sidecar.istio.io/port: "0"'),
  deployment('shop', `sidecar.istio.io/userVolume: '{"mine":{"emptyDir":{}}}'`),
  deployment('shop', 'sidecar.istio.io/nativeSidecar: "true"', PROBE),
];

/** The same numbers for every run. */
const drawn = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => WORKLOADS[(index * index * 31 + index * 7) % WORKLOADS.length] ?? '');

describe('a workload among many', () => {
  const inject = (one: Installation, text: string) => {
    const { text: injected, problems } = injectStream(one, { name: 'text', text }, GIVEN_RULES);
    return { injected, problems: problems.map(({ message }) => message) };
  };

  it('is injected as it is alone, whatever came before', () => {
    const alone = new Map(WORKLOADS.map((text) => [text, inject(installation(), text)]));
    const shared = installation();
    const chosen = [...WORKLOADS, ...WORKLOADS.toReversed(), ...drawn(60)];
    for (const text of chosen) expect(inject(shared, text)).toEqual(alone.get(text));
    const together = inject(installation(), chosen.join('---\n'));
    expect(together.injected).toBe(chosen.map((text) => alone.get(text)?.injected).join(''));
    expect(together.problems).toEqual([]);
  });
});

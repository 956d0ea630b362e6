import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasErrors } from '../../src/base/problem.ts';
import { loadChart } from '../../src/install/chart/chart.ts';
import { renderChart } from '../../src/install/chart/render.ts';
import { inOrder, printManifest } from '../../src/install/manifest/order.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import type { Plain } from '../../src/yaml/plain.ts';
import { runCli } from '../support/cli.ts';
import { parseScript } from '../support/txtar.ts';
import { type Answer, askGo, findManifests, type Question } from './go-oracle.ts';
import { STILL, treeOf } from './tree.ts';

const manifests = findManifests();
const path = 'path' in manifests ? manifests.path : '';
const operator = (name: string): string => resolve(import.meta.dirname, 'operators', `${name}.yaml`);

const set = (...settings: readonly string[]): Question => ({ set: [...settings, `installPackagePath=${path}`] });
const files = (names: readonly string[], ...settings: readonly string[]): Question => ({
  ...set(...settings),
  files: names.map(operator),
});

const PROFILES = 'default demo minimal ambient empty openshift openshift-ambient preview remote stable'.split(' ');

const INSTALLATIONS: readonly Question[] = [
  ...PROFILES.map((name) => set(`profile=${name}`)),
  set('revision=canary', 'values.revisionTags[0]=prod', 'values.revisionTags[1]=stable'),
  set('components.ingressGateways[0].enabled=false', 'components.ingressGateways[0].name=istio-ingressgateway'),
  set('tag=11'),
  set('values.pilot.autoscaleMin=2', 'values.pilot.autoscaleMax=9', 'values.pilot.cpu.targetAverageUtilization=60'),
  set('values.pilot.autoscaleEnabled=false', 'values.pilot.replicaCount=3'),
  set('values.pilot.autoscaleMin=null'),
  set('compatibilityVersion=1.25'),
  set('values.global.resourceScope=namespace'),
  set('values.global.resourceScope=cluster'),
  set('values.base.enableIstioConfigCRDs=false'),
  set('values.global.istioNamespace=foo', 'components.pilot.namespace=bar'),
  set('meshConfig.accessLogFile=/dev/stdout', 'meshConfig.defaultConfig.proxyMetadata.A=1', 'meshConfig.foo=bar'),
  set('values.sidecarInjectorWebhook.injectedAnnotations.container\\.apparmor\\.k8s\\.io/istio-proxy=runtime/default'),
  set('unvalidatedValues.pilot.foo=1', 'unvalidatedValues.global.variant=distroless'),
  set('values.gateways.istio-ingressgateway.enabled=true', 'profile=minimal'),
  set('components.cni.enabled=true', 'components.cni.tag=7', 'values.cni.chained=false'),
  set('profile=ambient', 'values.ztunnel.variant=debug', 'components.ztunnel.k8s.resources.limits.cpu=2'),
  set('values.pilot.tolerations[0].key=a', 'values.pilot.tolerations[0].operator=Exists'),
  set('values.global.externalIstiod=true', 'values.global.remotePilotAddress=1.2.3.4'),
  set('components.egressGateways[0].name=istio-egressgateway', 'components.egressGateways[0].enabled=true'),
  set('values.global.proxy.excludeInboundPorts=80\\,90', 'values.global.proxy.tracer=zipkin'),
  files(['gateways']),
  files(['pilot']),
  files(['gateways', 'pilot'], 'components.pilot.k8s.replicaCount=4'),
  { ...set('values.global.notAField=1'), force: true },
  set('values.global.notAField=1'),
  set('values.global.proxy.excludeOutboundPorts=25'),
  set('values.global.proxy.includeIPRanges=1.2.3.4'),
  set('values.global.proxy.tracer=foo'),
  set('values.global.platform=atari'),
  set('values.global.meshID=t'),
  set('values.global.caName=1.5'),
  set('values.pilot.tolerations[0].kez=a'),
  set('profile=nope'),
  set('revision=11'),
  set('hub=a b'),
  set('meshConfig.accessLogFile=5'),
  set('components.pilot.k8s.foo=bar'),
  set('components.pilot.k8s.replicaCount=a'),
  set(
    'components.ingressGateways[0].name=istio-ingressgateway',
    'components.ingressGateways[0].k8s.service.ports[0].port=80',
    'components.ingressGateways[0].k8s.service.ports[0].targetPort=80',
  ),
];

const DIRECTORY = mkdtempSync(join(tmpdir(), 'heddle-chart-'));

const writeChart = (name: string, files: Iterable<readonly [string, string]>): string => {
  const root = join(DIRECTORY, name);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const PARENT = writeChart(
  'parent',
  parseScript(readFileSync(resolve(import.meta.dirname, 'parent-chart.txtar'), 'utf8')).files,
);

/** Those that `heddle manifest charts` writes. */
const OWN = ['base', 'istiod', 'cni', 'ztunnel', 'gateway'].map((name) => join(DIRECTORY, 'own', name));

const values = (chart: string, user: Question['values'] = {}): Question => ({ chart, values: user });

const chartQuestions = (): readonly Question[] => [
  ...['base', 'default', 'istio-cni', 'ztunnel', 'istio-control/istio-discovery', 'gateways/istio-ingress'].flatMap(
    (name) => [
      values(`${path}/charts/${name}`),
      values(`${path}/charts/${name}`, { profile: 'ambient', revision: 'r' }),
    ],
  ),
  values(`${path}/charts/gateway`),
  values(`${path}/charts/gateway`, { autoscaling: { enabled: false }, labels: { a: 'b' }, service: { type: 'None' } }),
  values(`${path}/charts/gateway`, { replicaCount: 'two' }),
  values(`${path}/charts/gateway`, { unknown: 1 }),
  values(`${path}/charts/gateway`, { imagePullPolicy: 'Sometimes' }),
  ...OWN.flatMap((chart) => [
    values(chart),
    values(chart, { profile: 'demo', revision: 'r', global: { platform: 'openshift' } }),
  ]),
  values(PARENT),
  values(PARENT, { table: null, removed: { by: null }, late: 1, first: { gone: null, enabled: false } }),
  values(PARENT, { table: 5, scalar: { a: 1 }, tags: { extra: true }, second: { enabled: false } }),
  values(PARENT, {
    tags: { other: true },
    global: { shared: { y: null, z: 3 }, own: 2 },
    first: { global: { flag: 0 } },
  }),
  values(PARENT, { taken: { deep: 'mine' }, imported: null, first: { deep: { k: null, n: 1 } } }),
];

afterAll(() => rmSync(DIRECTORY, { recursive: true }));

describe.skipIf('absent' in manifests)('Go itself', () => {
  let answers: readonly Answer[] = [];
  const charts = path === '' ? [] : chartQuestions();
  beforeAll(async () => {
    await runCli(['manifest', 'charts', join(DIRECTORY, 'own')]);
    answers = askGo([...INSTALLATIONS, ...charts]);
  }, 900_000);

  it('renders the same installations, or none, as we do', async () => {
    const tree = treeOf(path);
    const descriptors = {
      structs: await loadGoStructs(),
      mesh: await loadMeshProto(),
      values: await loadValuesProto(),
    };
    for (const [at, question] of INSTALLATIONS.entries()) {
      const sources = (question.files ?? []).map((name) => ({ name, text: readFileSync(name, 'utf8') }));
      const inputs = readInputs(sources, question.set ?? []);
      const options = { force: question.force === true, components: [] };
      const { components, problems } = generate(tree, inputs, descriptors, STILL, options);
      const words = JSON.stringify(question);
      expect(hasErrors(problems), `${words} ${answers[at]?.error}`).toBe(answers[at]?.error !== '');
      if (hasErrors(problems)) continue;
      const ours = printManifest(inOrder(components.flatMap(({ objects }) => objects)));
      expect(ours === answers[at]?.output, words).toBe(true);
    }
  }, 300_000);

  it('renders the same charts as we do', () => {
    for (const [at, { chart = '', values: user = {} }] of charts.entries()) {
      const answer = answers[INSTALLATIONS.length + at];
      const loaded = loadChart(treeOf(chart), '');
      if (loaded.chart === undefined) throw new Error(JSON.stringify(loaded.problems));
      const release = { name: 'istio', namespace: 'istio-system' };
      const rendered = renderChart(loaded.chart, user as Plain, release, STILL);
      const words = `${chart} ${JSON.stringify(user)}`;
      expect(hasErrors(rendered.problems), `${words} ${answer?.error}`).toBe(answer?.error !== '');
      if (!hasErrors(rendered.problems)) expect(Object.fromEntries(rendered.outputs), words).toEqual(answer?.outputs);
    }
  }, 300_000);
});

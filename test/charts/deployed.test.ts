import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FileTree } from '../../src/install/chart/chart.ts';
import { parseObjects } from '../../src/install/manifest/object.ts';
import { generate } from '../../src/install/operator/generate.ts';
import { readInputs } from '../../src/install/operator/inputs.ts';
import { runGoProgram } from '../../src/model/schema/generator/go-program.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { isObject } from '../../src/model/value.ts';
import { loadYaml } from '../../src/yaml/load.ts';
import { findManifests } from '../install/go-oracle.ts';
import { STILL, treeOf } from '../install/tree.ts';

const TEMPLATES = ['kube-gateway', 'waypoint', 'agentgateway', 'agentgateway-waypoint'] as const;

/** What an installation may say that these templates look at. */
const INSTALLATIONS: readonly (readonly string[])[] = [
  [],
  [
    'revision=canary',
    'values.global.network=n1',
    'values.global.multiCluster.clusterName=c1',
    'values.global.meshID=m',
  ],
  ['values.global.imagePullPolicy=Always', 'values.global.imagePullSecrets[0]=a', 'values.global.logAsJson=true'],
  ['values.global.caName=GkeWorkloadCertificate', 'values.global.caAddress=ca.example:443'],
  ['values.global.platform=openshift', 'values.gateways.seccompProfile.type=RuntimeDefault'],
  ['values.gateways.securityContext.fsGroup=5', 'values.gateways.seccompProfile.type=RuntimeDefault'],
  ['values.pilot.env.ENABLE_CLUSTER_TRUST_BUNDLE_API=true', 'values.global.sts.servicePort=15463'],
  ['values.global.trustBundleName=bundle', 'values.global.sds.token.aud=someone', 'meshConfig.trustDomain=example.org'],
  ['values.global.proxy.outlierLogPath=/dev/stdout', 'values.global.proxy.lifecycle.preStop.exec.command[0]=sleep'],
  ['values.global.proxy.resources.limits.cpu=null', 'values.global.waypoint.resources.requests.memory=null'],
  ['values.global.waypoint.tolerations[0].key=a', 'values.global.waypoint.nodeSelector.b=c'],
  ['values.global.waypoint.topologySpreadConstraints[0].maxSkew=1', 'values.global.waypoint.affinity.podAffinity.x=y'],
  ['meshConfig.defaultConfig.proxyMetadata.A=b', 'meshConfig.defaultConfig.interceptionMode=TPROXY'],
  [
    'meshConfig.defaultConfig.image.imageType=debug',
    'values.global.proxy.logLevel=info',
    'values.global.variant=distroless',
  ],
  ['values.global.proxy.image=example.org/proxy:1', 'values.global.logging.level=all:debug'],
];

const PORTS = [
  { name: 'status-port', port: 15021, protocol: 'TCP', appProtocol: 'tcp' },
  { name: 'https', port: 443, protocol: 'TCP', appProtocol: 'https' },
];

const GATEWAYS = [
  { Gateway: '{metadata: {name: gw, namespace: ns, uid: u-1}}', ServiceType: 'LoadBalancer', Ports: PORTS },
  {
    Gateway: `
metadata:
  name: other
  namespace: ns
  uid: u-2
  annotations: {sidecar.istio.io/proxyImage: example.org/own:2, sidecar.istio.io/logLevel: "debug"}
spec:
  addresses: [{value: 10.0.0.1}]
  infrastructure:
    labels: {topology.istio.io/network: n2, service.istio.io/canonical-name: mine, istio.io/dataplane-mode: ambient}
    annotations: {a: b, gateway.istio.io/name-override: x, networking.istio.io/traffic-distribution: Any, istio.io/rev: y}
`,
    ServiceType: 'LoadBalancer',
    Controller: 'istio.io-eastwest-controller',
    ProxyUID: 5,
    ProxyGID: 6,
    Revision: 'r',
    Ports: PORTS,
  },
  {
    Gateway: '{metadata: {name: gw, namespace: ns, uid: u-3}, spec: {addresses: [{value: 10.0.0.1}]}}',
    ServiceType: 'ClusterIP',
    Ports: [{ name: 'udp', port: 53, protocol: 'UDP', appProtocol: 'udp' }],
  },
];

interface Answer {
  readonly output: string;
  readonly error: string;
}

/** What the injector of an installation from these charts knows. */
const injectorOf = async (tree: FileTree, settings: readonly string[]) => {
  const descriptors = {
    structs: await loadGoStructs(),
    mesh: await loadMeshProto(),
    values: await loadValuesProto(),
  };
  const inputs = readInputs([], ['hub=example.org', 'tag=1', ...settings]);
  const { components } = generate(tree, inputs, descriptors, STILL, { force: true, components: ['pilot'] });
  const maps = components.flatMap(({ objects }) => objects).filter(({ kind }) => kind === 'ConfigMap');
  const text = (name: RegExp, key: string): string => {
    const data = maps.find((each) => name.test(each.name))?.value['data'];
    return isObject(data) ? String(data[key]) : '';
  };
  const config = loadYaml({ name: 'config', text: text(/^istio-sidecar-injector/, 'config') }).documents[0]?.value;
  const templates = isObject(config) ? config['templates'] : {};
  return {
    templates: isObject(templates) ? templates : {},
    Values: text(/^istio-sidecar-injector/, 'values'),
    Mesh: text(/^istio(-canary)?$/, 'mesh'),
  };
};

/** What the templates here leave out: Go's runtime knows its threads, as in later versions of Istio; the volumes are mounted by nothing. */
const LEFT_OUT: readonly unknown[] = ['GOMAXPROCS', 'go-proxy-envoy', 'go-proxy-data'];

/** A value in which the order of what has a name, and fields that say nothing, do not count. */
const meant = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const items = value.filter((each) => !(isObject(each) && LEFT_OUT.includes(each['name']))).map(meant);
    if (!items.every((each) => isObject(each) && 'name' in each)) return items;
    return items.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, meant(each)] as const);
  return Object.fromEntries(
    entries.filter(([, each]) => each !== null).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
};

const KINDS = ['ServiceAccount', 'Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];

const objectsIn = (output: string): readonly unknown[] => {
  const { objects } = parseObjects('rendered', output);
  expect(
    objects.map(({ kind }) => kind),
    output,
  ).toEqual(KINDS);
  return objects.map(({ value }) => meant(value));
};

const manifests = findManifests();

describe.skipIf('absent' in manifests)('what istiod deploys for Gateways', () => {
  const cases: { readonly words: string; readonly official: string; readonly ours: string }[] = [];

  beforeAll(async () => {
    const trees = [
      treeOf('path' in manifests ? manifests.path : ''),
      treeOf(resolve(import.meta.dirname, '../../templates')),
    ];
    const questions: object[] = [];
    const words: string[] = [];
    for (const settings of INSTALLATIONS) {
      const injectors = await Promise.all(trees.map((tree) => injectorOf(tree, settings)));
      for (const name of TEMPLATES) {
        for (const gateway of GATEWAYS) {
          words.push(`${name} ${settings.join(' ')} ${gateway.Gateway}`);
          for (const { templates, Values, Mesh } of injectors) {
            questions.push({
              Controller: `istio.io-${name}`,
              Class: name,
              ...gateway,
              Values,
              Mesh,
              Template: templates[name],
            });
          }
        }
      }
    }
    const program = resolve(import.meta.dirname, '../oracle/deployed/deployed.go');
    const output = runGoProgram(program, JSON.stringify(questions));
    const answers = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as readonly Answer[];
    words.forEach((each, index) => {
      const [official, ours] = answers.slice(2 * index, 2 * index + 2).map(({ output: text, error }) => error || text);
      cases.push({ words: each, official: official ?? '', ours: ours ?? '' });
    });
  }, 900_000);

  it('is the same from our templates as from those of Istio', () => {
    expect(cases).toHaveLength(INSTALLATIONS.length * TEMPLATES.length * GATEWAYS.length);
    for (const { words, official, ours } of cases) expect(objectsIn(ours), words).toEqual(objectsIn(official));
  });
});

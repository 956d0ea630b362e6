// CPU and wall time of `heddle analyze` on generated sets of resources, beside `istioctl analyze` where one is on PATH or
// was built by install-peers.sh.
// Rounds are interleaved, because the machine is never quiet: compare ratios of one run, never numbers of two.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { column, findIstioctl, measure, median, ratioOf, type Sample } from './measure.ts';

const NAMESPACES = 20;
/** Resources of one shop: what a team of two services would have. */
const PER_SHOP = 10;

const deployment = (name: string, namespace: string, version: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}-${version}
  namespace: ${namespace}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: ${name}
      version: ${version}
  template:
    metadata:
      labels:
        app: ${name}
        version: ${version}
    spec:
      containers:
        - name: app
          image: registry.example/${name}:1
          ports:
            - containerPort: 8080
`;

const shop = (number: number): readonly string[] => {
  const namespace = `team-${number % NAMESPACES}`;
  const name = `shop-${number}`;
  const metadata = `metadata:\n  name: ${name}\n  namespace: ${namespace}\n`;
  const istio = (kind: string, spec: string, group = 'networking'): string =>
    `apiVersion: ${group}.istio.io/v1\nkind: ${kind}\n${metadata}spec:\n${spec}`;
  const route = (subset: string): string =>
    `      route:\n        - destination:\n            host: ${name}\n            subset: ${subset}\n            port:\n              number: 80\n`;
  return [
    deployment(name, namespace, 'v1'),
    deployment(name, namespace, 'v2'),
    `apiVersion: v1\nkind: Service\n${metadata}spec:\n  selector:\n    app: ${name}\n  ports:\n    - name: http\n      port: 80\n      targetPort: 8080\n`,
    istio(
      'DestinationRule',
      `  host: ${name}\n  subsets:\n    - name: v1\n      labels:\n        version: v1\n    - name: v2\n      labels:\n        version: v2\n`,
    ),
    istio(
      'VirtualService',
      `  hosts:\n    - ${name}.example.com\n  gateways:\n    - ${name}\n  http:\n    - match:\n        - uri:\n            prefix: /new\n${route('v2')}    - match:\n        - headers:\n            end-user:\n              exact: jason\n${route('v2')}    -${route('v1').slice(5)}`,
    ),
    istio(
      'Gateway',
      `  selector:\n    istio: ingressgateway\n  servers:\n    - port:\n        number: 80\n        name: http\n        protocol: HTTP\n      hosts:\n        - ${name}.example.com\n`,
    ),
    istio(
      'ServiceEntry',
      `  hosts:\n    - pay-${number}.example.org\n  ports:\n    - number: 443\n      name: tls\n      protocol: TLS\n  resolution: DNS\n`,
    ),
    istio(
      'AuthorizationPolicy',
      `  selector:\n    matchLabels:\n      app: ${name}\n  rules:\n    - from:\n        - source:\n            namespaces: [${namespace}]\n      to:\n        - operation:\n            methods: [GET]\n`,
      'security',
    ),
    istio(
      'PeerAuthentication',
      `  selector:\n    matchLabels:\n      app: ${name}\n  mtls:\n    mode: STRICT\n`,
      'security',
    ),
    istio('Sidecar', `  workloadSelector:\n    labels:\n      app: ${name}\n  egress:\n    - hosts:\n        - ./*\n`),
  ];
};

/** Writes a set of `count` resources, a file per hundred. */
export const generate = (directory: string, count: number): void => {
  const namespaces = Array.from(
    { length: NAMESPACES },
    (_, at) =>
      `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: team-${at}\n  labels:\n    istio-injection: enabled\n`,
  );
  writeFileSync(join(directory, 'namespaces.yaml'), namespaces.join('---\n'));
  const shops = Math.max(1, Math.round((count - NAMESPACES) / PER_SHOP));
  for (let first = 0; first < shops; first += 10) {
    const documents = Array.from({ length: Math.min(10, shops - first) }, (_, at) => shop(first + at)).flat();
    writeFileSync(join(directory, `shops-${first}.yaml`), documents.join('---\n'));
  }
};

type Tool = readonly [name: string, commandFor: (directory: string) => readonly string[]];

const heddle = (program: string): Tool => [
  'heddle',
  (directory) => [process.execPath, program, 'analyze', '-A', '-o', 'json-compat', directory],
];

const istioctl = (program: string): Tool => [
  'istioctl',
  (directory) => [program, 'analyze', '--use-kube=false', '-A', '-o', 'json', directory],
];

/** Runs every tool once a round on a new set of `size` resources. */
const sample = (tools: readonly Tool[], size: number, rounds: number): ReadonlyMap<string, readonly Sample[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const samples = new Map<string, Sample[]>(tools.map(([name]) => [name, []]));
  try {
    generate(directory, size);
    for (let round = 0; round < rounds; round++)
      for (const [name, commandFor] of tools) samples.get(name)?.push(measure(commandFor(directory)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return samples;
};

const compare = (tools: readonly Tool[], sizes: readonly number[], rounds: number): void => {
  console.log(`${column('resources')}  ${'tool'.padEnd(9)}${column('wall s')}${column('CPU s')}`);
  for (const size of sizes) {
    const samples = sample(tools, size, rounds);
    for (const [name, taken] of samples) {
      const wall = median(taken.map(({ wallS }) => wallS)).toFixed(2);
      const cpu = median(taken.map(({ cpuS }) => cpuS)).toFixed(2);
      console.log(`${column(size)}  ${name.padEnd(9)}${column(wall)}${column(cpu)}`);
    }
    const [own = [], other] = [...samples.values()];
    if (other === undefined) continue;
    const cpu = ratioOf(own, other, ({ cpuS }) => cpuS);
    console.log(`${column(size)}  heddle/istioctl: CPU ${cpu}, wall ${ratioOf(own, other, ({ wallS }) => wallS)}`);
  }
};

/** What one more resource costs, start-up aside: the same at every size where cost is linear. */
const scale = (tool: Tool, sizes: readonly number[], rounds: number): void => {
  console.log(`${column('resources')}${column('CPU s')}  ms a resource beyond the size before`);
  let before = { size: 0, cpuS: 0 };
  for (const size of sizes) {
    const taken = sample([tool], size, rounds).get(tool[0]) ?? [];
    const cpuS = median(taken.map((one) => one.cpuS));
    const marginal = (1000 * (cpuS - before.cpuS)) / (size - before.size);
    console.log(`${column(size)}${column(cpuS.toFixed(2))}  ${before.size === 0 ? '-' : marginal.toFixed(3)}`);
    before = { size, cpuS };
  }
};

/** `npm run bench -- analyze [--rounds N] [--sizes 1000,5000] [--scale] [--bin PROGRAM]` */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      sizes: { type: 'string' },
      scale: { type: 'boolean', default: false },
      bin: { type: 'string' },
    },
  });
  if (values.bin === undefined) await ensureBuilt();
  const own = heddle(values.bin ?? HEDDLE);
  const sizes = (values.sizes ?? (values.scale ? '1000,5000,20000,50000' : '1000,5000')).split(',').map(Number);
  const rounds = Number(values.rounds);
  if (values.scale) {
    scale(own, sizes, rounds);
    return;
  }
  const peer = findIstioctl();
  if (peer === undefined)
    console.log('istioctl is neither on PATH nor built (test/bench/install-peers.sh): heddle alone');
  compare(peer === undefined ? [own] : [own, istioctl(peer)], sizes, rounds);
};

// CPU and wall time of `heddle analyze` on generated sets of resources, beside `istioctl analyze` where one is on PATH.
// Rounds are interleaved, because the machine is never quiet: compare ratios of one run, never numbers of two.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { which } from './proxy/peers.ts';

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
const generate = (directory: string, count: number): void => {
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

interface Sample {
  readonly wallS: number;
  readonly cpuS: number;
}

/** Times one run with bash's own clock, the only one at hand that counts a child's CPU. */
const measure = (command: readonly string[]): Sample => {
  const script = 'TIMEFORMAT="%R %U %S"; { time "$@" >/dev/null 2>/dev/null; } 2>&1';
  const { stdout } = spawnSync('bash', ['-c', script, 'bench', ...command], { encoding: 'utf8' });
  const [wallS = 0, userS = 0, systemS = 0] = stdout.trim().split(' ').map(Number);
  return { wallS, cpuS: userS + systemS };
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** `npm run bench -- analyze [--rounds N] [--sizes 1000,5000]` */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '5' }, sizes: { type: 'string', default: '1000,5000' } },
  });
  await ensureBuilt();
  const istioctl = which('istioctl');
  if (istioctl === undefined) console.log('istioctl is not on PATH: heddle alone');
  console.log('resources  tool       wall s   CPU s');
  for (const size of values.sizes.split(',').map(Number)) {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
    try {
      generate(directory, size);
      const tools: readonly (readonly [name: string, command: readonly string[]])[] = [
        ['heddle', [process.execPath, HEDDLE, 'analyze', '-A', '-o', 'json-compat', directory]],
        ...(istioctl === undefined
          ? []
          : [['istioctl', [istioctl, 'analyze', '--use-kube=false', '-A', '-o', 'json', directory]] as const]),
      ];
      const samples = new Map<string, Sample[]>(tools.map(([name]) => [name, []]));
      for (let round = 0; round < Number(values.rounds); round++)
        for (const [name, command] of tools) samples.get(name)?.push(measure(command));
      for (const [name, taken] of samples) {
        const wall = median(taken.map(({ wallS }) => wallS)).toFixed(2);
        const cpu = median(taken.map(({ cpuS }) => cpuS)).toFixed(2);
        console.log(`${String(size).padStart(9)}  ${name.padEnd(9)}  ${wall.padStart(6)}  ${cpu.padStart(6)}`);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
};

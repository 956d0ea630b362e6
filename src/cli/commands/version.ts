import { Fault } from '../../base/fault.ts';
import type { IstiodVersion, MeshVersions, ProxyVersion } from '../../cluster/mesh-versions.ts';
import { clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { type Context, defineCommand, enabled, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { clientVersion } from '../package.ts';
import { faultDocument } from '../report/fault.ts';

/** What is known of a mesh, and why the rest is not. */
type Remote = Partial<MeshVersions> & { readonly faults: readonly Fault[] };

/** `1.30.0 (2 proxies), 1.31.1 (1 proxies)`, in the words of istioctl. */
const countVersions = (proxies: readonly ProxyVersion[]): string => {
  const counts = new Map<string, number>();
  for (const { version: each } of proxies) counts.set(each, (counts.get(each) ?? 0) + 1);
  const words = [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([each, count]) => `${each} (${count} proxies)`);
  return words.length === 0 ? 'none' : words.join(', ');
};

const shortLines = ({ istiods = [], proxies }: Remote): readonly string[] => {
  const versions = new Set(istiods.map(({ build }) => build.version));
  const [first] = versions;
  return [
    ...(versions.size === 1
      ? [`control plane version: ${first}`]
      : istiods.map(({ component, build }) => `${component} version: ${build.version}`)),
    ...(proxies === undefined ? [] : [`data plane version: ${countVersions(proxies)}`]),
  ];
};

const istiodLine = ({ component, pod, revision, build }: IstiodVersion): string => {
  const details = [`pod ${pod}`, `revision ${revision}`, `git ${build.revision || 'unknown'}`, build.status];
  return `${component} version: ${build.version} (${details.filter((each) => each !== '').join(', ')})`;
};

const longLines = ({ istiods = [], proxies = [] }: Remote): readonly string[] => [
  ...istiods.map(istiodLine),
  ...proxies.map(({ id, version: each, type }) => `data plane version: ${each} (${type} ${id})`),
];

/** The names of fields that scripts written for istioctl read. */
const document = (context: Context, { istiods, proxies, faults }: Remote) => ({
  kind: 'Version',
  clientVersion: {
    version: clientVersion(),
    nodeVersion: context.io.nodeVersion,
    platform: context.io.platform,
  },
  ...(istiods !== undefined && {
    meshVersion: istiods.map(({ component, revision, build }) => ({
      Component: component,
      Revision: revision,
      Info: build,
    })),
  }),
  ...(proxies !== undefined && {
    dataPlaneVersion: proxies.map(({ id, version: each, type }) => ({ ID: id, IstioVersion: each, Type: type })),
  }),
  ...(faults.length > 0 && { errors: faults.map((fault) => faultDocument(fault).error) }),
});

/** Whatever of the mesh can be learnt; that something cannot is no failure of this command. */
const askRemote = async (ask: () => Promise<MeshVersions>): Promise<Remote> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Fault) || ['BAD_FLAG_VALUE', 'INTERRUPTED'].includes(error.code)) throw error;
    return { faults: [error] };
  }
};

export const version = defineCommand({
  summary: 'Prints the versions of this command line, of the control plane and of the proxies.',
  examples: [
    ['heddle version', 'everything, as far as a cluster can be reached'],
    ['heddle version --remote=false', 'of this command line alone; asks no cluster'],
    ['heddle version --short=false', 'every istiod and every proxy'],
    ['heddle version -r canary -o json', 'one control plane, for scripts'],
  ],
  options: {
    short: enabled('-s, --short', 'one line for all that are alike; --short=false has one for each'),
    remote: enabled('--remote', 'ask the cluster as well; --remote=false does not'),
    revision: text('-r, --revision <name>', 'the control plane to ask; otherwise all of them'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  notes: [
    'Always ends with 0 and the version of the client: what a cluster does not tell is said on standard error. Nothing ' +
      'is waited for longer than --kubeclient-timeout.',
  ],
  seeAlso: ['heddle check', 'heddle proxy-status'],
  run: async (context, _args, options) => {
    const { kubeclientTimeout: timeoutMs, revision } = options;
    const choice = { namespace: options.istioNamespace ?? ISTIO_NAMESPACE, revision };
    const remote: Remote = options.remote
      ? await askRemote(() =>
          withCluster(context, options, async (cluster) => {
            const { meshVersions } = await import('../../cluster/mesh-versions.ts');
            return meshVersions(cluster, choice, { timeoutMs, signal: context.signal });
          }),
        )
      : { faults: [] };
    for (const { message, hint } of context.quiet ? [] : remote.faults) {
      context.err.line(
        `${remote.istiods === undefined ? 'Istio cannot be seen in the cluster: ' : 'warning: '}${message}`,
      );
      if (hint !== undefined && context.verbose > 0) context.err.line(`  ${hint}`);
    }
    const client = options.short
      ? clientVersion()
      : `${clientVersion()} (node ${context.io.nodeVersion}, ${context.io.platform})`;
    const lines = [`client version: ${client}`, ...(options.short ? shortLines(remote) : longLines(remote))];
    await printDocument(context, document(context, remote), () => `${lines.join('\n')}\n`);
    return EXIT.ok;
  },
});

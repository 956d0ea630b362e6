import { durationMs, type OptionSpec, text, texts } from '../command.ts';

const KUBECLIENT_TIMEOUT_MS = 15_000;

/** The flags of every command that asks a cluster: which one, as whom, and for how long. */
export const clusterFlags = {
  kubeconfig: text('-c, --kubeconfig <file>', 'the kubeconfig; otherwise $KUBECONFIG, then ~/.kube/config'),
  context: text('--context <name>', 'the context of the kubeconfig; otherwise its current one'),
  as: text('--as <user>', 'ask in the name of this user or service account'),
  asUid: text('--as-uid <uid>', 'ask in the name of this UID'),
  asGroup: texts('--as-group <group>', 'ask in the name of this group; repeatable'),
  kubeclientTimeout: durationMs(
    '--kubeclient-timeout <duration>',
    'how long one request to the cluster may take (15s)',
    KUBECLIENT_TIMEOUT_MS,
  ),
};

/** The flag that says where istiod runs, for all commands that talk to it. */
export const istioNamespaceFlag = text('-i, --istio-namespace <name>', 'the namespace of istiod (istio-system)');

/** The namespace of istiod where no flag names one. */
export const ISTIO_NAMESPACE = 'istio-system';

/** Codes of every command that only reads. */
export const CLUSTER_EXIT_CODES = {
  69: 'the cluster cannot be reached',
  75: 'the cluster did not answer in time',
  77: 'the user of the context may not look',
  78: 'the kubeconfig is wrong',
} as const;

/** What `clusterFlags` read. */
export type ClusterFlags = {
  readonly [K in keyof typeof clusterFlags]: (typeof clusterFlags)[K] extends OptionSpec<infer T> ? T : never;
};

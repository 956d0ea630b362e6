import { Fault } from '../../base/fault.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { InjectorVerdict } from '../../cluster/injectors.ts';
import { CLUSTER_EXIT_CODES, clusterFlags } from '../cluster/flags.ts';
import { requireNamespace } from '../cluster/require-namespace.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { defineCommand, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type Paint, printDocument } from '../output.ts';
import { renderTable } from '../table.ts';

type Labels = Readonly<Record<string, string>>;

/** Whose injection is asked for. */
interface Candidate {
  readonly namespace: string;
  readonly labels: Labels;
  /** Undefined for labels that are only supposed. */
  readonly pod:
    | { readonly name: string; readonly hasProxy: boolean; readonly revision: string | undefined }
    | undefined;
}

const parseLabels = (given: string): Labels =>
  Object.fromEntries(
    given.split(',').map((pair) => {
      const [, key, value] = /^\s*([^=\s]+)==?([^=\s]*)\s*$/.exec(pair) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw new Fault(`--labels wants KEY=VALUE pairs, not "${pair}"`, {
        kind: 'usage',
        code: 'BAD_FLAG_VALUE',
        hint: 'for example -l app=web,version=v1',
      });
    }),
  );

const candidateOf = async (
  cluster: Cluster,
  argument: string | undefined,
  { namespace, labels }: { readonly namespace: string | undefined; readonly labels: string | undefined },
): Promise<Candidate> => {
  if (argument === undefined)
    return { namespace: namespace ?? cluster.namespace, labels: parseLabels(labels ?? ''), pod: undefined };
  const { findPod, hasProxy } = await import('../../cluster/pods.ts');
  const { injectedRevision } = await import('../../cluster/injectors.ts');
  const pod = await findPod(cluster, argument, namespace);
  const { name, namespace: own = cluster.namespace, labels: podLabels = {} } = pod.metadata;
  return {
    namespace: own,
    labels: podLabels,
    pod: { name, hasProxy: hasProxy(pod), revision: injectedRevision(pod) },
  };
};

/** What is to be said of what a pod has beside what it would get. */
const remarkOn = ({ pod, namespace }: Candidate, taking: readonly InjectorVerdict[]): string | undefined => {
  const [first, second] = taking;
  if (first !== undefined && second !== undefined)
    return `${taking.map(({ webhook }) => webhook).join(' and ')} all inject, and a pod must have one proxy: let one of them select it`;
  if (pod === undefined) return undefined;
  const name = `${pod.name}.${namespace}`;
  if (!pod.hasProxy) return first && `${name} has no proxy: it is older than the label; create it again`;
  if (first === undefined) return `${name} has a proxy, and would have none if it were created again`;
  if (pod.revision === undefined || pod.revision === first.revision) return undefined;
  return `${name} has the proxy of revision ${pod.revision}, and would get that of ${first.revision} if it were created again`;
};

const tableOf = (verdicts: readonly InjectorVerdict[], paint: Paint): string =>
  renderTable(
    ['WEBHOOK', 'REVISION', 'INJECTED', 'REASON'],
    verdicts.map(({ webhook, revision, injected, reason }) => [
      webhook,
      revision,
      injected ? paint.green('✔') : paint.red('✘'),
      reason,
    ]),
  );

const noSubject = (): Fault =>
  new Fault('give either a pod, or labels with -l', {
    kind: 'usage',
    code: 'WHICH_POD',
    hint: 'such as heddle check-inject deploy/web, or -n shop -l app=web',
  });

export const checkInject = defineCommand({
  summary: 'Says of each injection webhook whether it gives a pod a sidecar, and which label decides it.',
  examples: [
    ['heddle check-inject web-1.shop', 'a pod'],
    ['heddle check-inject deploy/web -n shop', 'the first pod of a Deployment'],
    ['heddle check-inject -n shop -l app=web,version=v1', 'labels that no pod has yet'],
  ],
  arguments: [{ name: 'POD', summary: '[TYPE/]NAME[.NAMESPACE]' }],
  options: {
    namespace: text('-n, --namespace <name>', "the pod's namespace; otherwise the context's"),
    labels: text('-l, --labels <pairs>', 'labels in place of a pod: app=web,version=v1'),
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    ...CLUSTER_EXIT_CODES,
    [EXIT.findings]: 'several webhooks would inject the same pod',
  },
  notes: [
    "The decision is the API server's: by the labels of namespace and pod, when the pod is created. Standard error says where the pod has something else now.",
  ],
  seeAlso: ['heddle injector list', 'heddle analyze', 'heddle kube-inject --report'],
  run: (context, [argument], options) => {
    if ((argument === undefined) === (options.labels === undefined)) throw noSubject();
    return withCluster(context, options, async (cluster) => {
      const { judgeInjection, readInjectors } = await import('../../cluster/injectors.ts');
      const candidate = await candidateOf(cluster, argument, options);
      const namespace = await requireNamespace(cluster, candidate.namespace);
      const injectors = await readInjectors(cluster);
      const items = injectors.map((one) => judgeInjection(one, candidate.labels, namespace.metadata.labels ?? {}));
      const taking = items.filter(({ injected }) => injected);
      const remark = remarkOn(candidate, taking);
      const { pod } = candidate;
      const document = {
        kind: 'InjectionCheck',
        namespace: candidate.namespace,
        ...(pod && { pod }),
        items,
        ...(remark !== undefined && { remark }),
      };
      await printDocument(context, document, () =>
        items.length === 0 ? 'no injection webhook of Istio is in the cluster\n' : tableOf(items, context.out.paint),
      );
      if (remark !== undefined && !context.quiet) context.err.line(remark);
      return taking.length > 1 ? EXIT.findings : EXIT.ok;
    });
  },
});

import type { InjectorRow, PodCount } from '../../../cluster/injector-list.ts';
import { CLUSTER_EXIT_CODES, clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../../cluster/flags.ts';
import { requireNamespace } from '../../cluster/require-namespace.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';

const countText = ({ podRevision, pods, disabled, needRestart }: PodCount): string => {
  if (pods === 0) return '<no pods>';
  const notes = [
    ...(disabled > 0 ? [` (injection disabled: ${disabled})`] : []),
    ...(needRestart > 0 ? [` NEEDS RESTART: ${needRestart}`] : []),
  ];
  return `${podRevision ?? '<non-Istio>'}: ${pods}${notes.join('')}`;
};

const podTable = (rows: readonly PodCount[]): string =>
  rows.length === 0
    ? 'No Istio injected namespaces present.\n'
    : renderTable(
        ['NAMESPACE', 'ISTIO-REVISION', 'POD-REVISIONS'],
        rows.map((row) => [row.namespace, row.revision, countText(row)]),
      );

const injectorTable = (rows: readonly InjectorRow[]): string =>
  rows.length === 0
    ? 'No Istio injection hooks present.\n'
    : renderTable(
        ['NAMESPACES', 'INJECTOR-HOOK', 'ISTIO-REVISION', 'SIDECAR-IMAGE'],
        rows.flatMap(({ injector, revision, namespaces, image }) =>
          (namespaces.length === 0 ? ['DOES NOT AUTOINJECT'] : namespaces).map((name) => [
            name,
            injector,
            revision,
            image,
          ]),
        ),
      );

export const injectorList = defineCommand({
  summary: 'Lists sidecar injectors with the namespaces they serve, and the pods that have the proxy of each.',
  examples: [
    ['heddle injector list', 'all namespaces but those of the system'],
    ['heddle injector list -n shop -o json', 'one namespace, for scripts'],
  ],
  options: {
    namespace: text('-n, --namespace <name>', 'only this namespace'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: CLUSTER_EXIT_CODES,
  notes: [
    'NEEDS RESTART counts pods whose proxy, or lack of one, is not what their namespace says now. MISSING/REVISION is a label for which no injector is there. Ambient namespaces are left out.',
  ],
  seeAlso: ['heddle check-inject', 'heddle tag list'],
  run: (context, _args, { namespace, istioNamespace = ISTIO_NAMESPACE, ...flags }) =>
    withCluster(context, flags, async (cluster) => {
      const { listInjectors } = await import('../../../cluster/injector-list.ts');
      if (namespace !== undefined) await requireNamespace(cluster, namespace);
      const lists = await listInjectors(cluster, istioNamespace, namespace);
      await printDocument(
        context,
        { kind: 'InjectorList', ...lists },
        () => `${podTable(lists.pods)}\n${injectorTable(lists.injectors)}`,
      );
      return EXIT.ok;
    }),
});

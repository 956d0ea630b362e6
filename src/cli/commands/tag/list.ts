import { readTagState } from '../../../cluster/tags.ts';
import { tagRows } from '../../../install/tag/tags.ts';
import { clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../../cluster/flags.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';

export const tagList = defineCommand({
  summary: 'Lists revision tags, where they lead and which namespaces follow them.',
  examples: [
    ['heddle tag list', 'revisions without a tag as well'],
    ['heddle tag list -o json', 'for scripts; -o json-compat as istioctl has it'],
  ],
  options: { istioNamespace: istioNamespaceFlag, ...clusterFlags },
  formats: ['table', 'json', 'yaml', 'json-compat'],
  exitCodes: {
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not look',
    78: 'the kubeconfig is wrong',
  },
  seeAlso: ['heddle tag set', 'heddle check'],
  run: (context, _args, options) =>
    withCluster(context, options, async (cluster) => {
      const items = tagRows(await readTagState(cluster, options.istioNamespace ?? ISTIO_NAMESPACE));
      if (context.format === 'json-compat') {
        context.out.line(JSON.stringify(items, null, '\t'));
        return EXIT.ok;
      }
      const table = (): string =>
        items.length === 0
          ? 'No Istio revision tags found.\n'
          : renderTable(
              ['TAG', 'REVISION', 'NAMESPACES'],
              items.map(({ tag, revision, namespaces }) => [tag, revision, namespaces.join(',')]),
            );
      await printDocument(context, { kind: 'RevisionTagList', items }, table);
      return EXIT.ok;
    }),
});

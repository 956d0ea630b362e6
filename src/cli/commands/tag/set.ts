import type { Cluster } from '../../../cluster/cluster.ts';
import { applyTag } from '../../../cluster/tags.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { type Context, defineCommand, flag } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { EXIT } from '../../exit.ts';
import { objectDocument } from '../../install/documents.ts';
import { objectName } from '../../install/plan-lines.ts';
import { printDocument } from '../../output.ts';
import { TAG_FLAGS, theTag } from '../../tag/flags.ts';
import { type PreparedTag, prepareTag } from '../../tag/prepare.ts';

const document = ({ tag, revision, previous, namespaces, objects, rivals, conflicts }: PreparedTag) => ({
  kind: 'RevisionTag',
  tag,
  revision,
  ...(previous !== undefined && { previous }),
  namespaces,
  warnings: conflicts,
  items: [...objects, ...rivals].map(objectDocument),
});

const doneText = ({ tag, revision }: PreparedTag): string =>
  `Revision tag "${tag}" created, referencing control plane revision "${revision}". To enable injection using this\n` +
  `revision tag, use 'kubectl label namespace <NAMESPACE> istio.io/rev=${tag}'\n`;

const planText = ({ tag, revision, objects, rivals }: PreparedTag): string =>
  [
    `Tag "${tag}" would lead to revision "${revision}":`,
    ...objects.map((object) => `  apply ${objectName(object)}`),
    ...rivals.map((object) => `  let rest ${objectName(object)}`),
    '',
  ].join('\n');

/** What else the user wants to know: whom it moves, and the way back. */
const tellAfter = ({ tag, revision, previous, namespaces }: PreparedTag, { err, quiet }: Context): void => {
  if (quiet || previous === revision) return;
  if (namespaces.length > 0)
    err.line(`New pods of ${namespaces.join(', ')} follow the tag; those that run keep their proxies until restarted.`);
  err.line(`To undo: heddle tag ${previous === undefined ? `remove ${tag}` : `set ${tag} -r ${previous} --overwrite`}`);
};

const isAgreed = async (
  { conflicts }: PreparedTag,
  options: { readonly yes: boolean; readonly skipConfirmation: boolean },
  context: Context,
): Promise<boolean> => {
  for (const conflict of conflicts) context.err.line(`${context.err.paint.yellow('warning:')} ${conflict}`);
  if (conflicts.length === 0 || options.yes || options.skipConfirmation) return true;
  return confirm(context, { text: 'Pods may be injected twice. Apply anyway?', flag: '--yes' });
};

export const tagSet = defineCommand({
  summary: 'Creates a revision tag, or moves it to another control plane.',
  examples: [
    ['heddle tag set prod -r 1-31-1', 'a new tag'],
    ['heddle tag set prod -r 1-32-0 --overwrite', 'the same tag moved'],
    ['heddle tag set default -r 1-32-0', 'who injects istio-injection=enabled and validates configuration'],
    ['heddle tag set prod -r 1-32-0 --overwrite --dry-run', 'what would be applied'],
  ],
  arguments: [{ name: 'TAG', summary: 'the name of the tag, as namespaces have it in istio.io/rev', required: true }],
  options: { ...TAG_FLAGS, dryRun: flag('--dry-run', 'print what would be applied and change nothing') },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    1: 'there is no such revision, the tag exists already, or it was not agreed to',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not do it',
    78: 'the kubeconfig is wrong',
  },
  notes: ['A tag set by hand belongs to no installation: heddle install and heddle uninstall -r leave it alone.'],
  seeAlso: ['heddle tag list', 'heddle tag remove', 'heddle install'],
  run: (context, args, options) =>
    withCluster(context, options, async (cluster: Cluster) => {
      const tag = theTag(args, 'heddle tag set prod -r 1-31-1');
      const prepared = await prepareTag(cluster, tag, options, false, context);
      if (options.dryRun) {
        await printDocument(context, document(prepared), () => planText(prepared));
        return EXIT.ok;
      }
      if (!(await isAgreed(prepared, options, context))) {
        context.err.line('Cancelled.');
        return EXIT.failure;
      }
      await applyTag(cluster, prepared.objects, prepared.rivals);
      await printDocument(context, document(prepared), () => doneText(prepared));
      tellAfter(prepared, context);
      return EXIT.ok;
    }),
});

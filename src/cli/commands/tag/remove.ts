import { suggest } from '../../../base/distance.ts';
import { Fault } from '../../../base/fault.ts';
import { readTagState, removeTag } from '../../../cluster/tags.ts';
import { namespacesOf, partsOfTag, type TagState, tagRows } from '../../../install/tag/tags.ts';
import { clusterFlags, ISTIO_NAMESPACE, istioNamespaceFlag } from '../../cluster/flags.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { type Context, defineCommand } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { EXIT } from '../../exit.ts';
import { objectDocument } from '../../install/documents.ts';
import { CHANGE_FLAGS } from '../../install/flags.ts';
import { objectName } from '../../install/plan-lines.ts';
import { printDocument } from '../../output.ts';
import { theTag } from '../../tag/flags.ts';

const noTag = (state: TagState, tag: string): Fault => {
  const tags = tagRows(state).flatMap((row) => (row.tag === '' ? [] : [row.tag]));
  const near = suggest(tag, tags);
  const known = tags.length === 0 ? 'there are no tags' : `the tags here are ${tags.join(', ')}`;
  return new Fault(`cannot remove tag "${tag}": cannot find MutatingWebhookConfiguration or Service for tag`, {
    kind: 'failure',
    code: 'NO_SUCH_TAG',
    hint: near === undefined ? known : `did you mean ${near}?`,
  });
};

const isAgreed = (tag: string, namespaces: readonly string[], context: Context): Promise<boolean> => {
  const count = namespaces.length === 1 ? '1 namespace is' : `${namespaces.length} namespaces are`;
  return confirm(context, {
    text: `${count} still injected by tag "${tag}": ${namespaces.join(' ')}. Remove it?`,
    flag: '--yes',
  });
};

export const tagRemove = defineCommand({
  summary: 'Removes a revision tag.',
  examples: [
    ['heddle tag remove prod', 'asks where namespaces still follow it'],
    ['heddle tag remove prod --dry-run', 'what would go'],
    ['heddle tag remove prod -y', 'from a script'],
  ],
  arguments: [{ name: 'TAG', summary: 'the name of the tag', required: true }],
  options: { ...CHANGE_FLAGS, istioNamespace: istioNamespaceFlag, ...clusterFlags },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    1: 'there is no such tag, or it was not agreed to',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not do it',
    78: 'the kubeconfig is wrong',
  },
  notes: ['New pods of namespaces that follow the tag get no sidecar any more; those that run are left alone.'],
  seeAlso: ['heddle tag list', 'heddle tag set'],
  run: (context, args, options) =>
    withCluster(context, options, async (cluster) => {
      const tag = theTag(args, 'heddle tag remove prod');
      const state = await readTagState(cluster, options.istioNamespace ?? ISTIO_NAMESPACE);
      const parts = partsOfTag(state, tag);
      if (parts.length === 0) throw noTag(state, tag);
      const namespaces = namespacesOf(tag, state.namespaces);
      const document = { kind: 'RevisionTagRemoval', tag, namespaces, items: parts.map(objectDocument) };
      if (options.dryRun) {
        const lines = parts.map((object) => `  remove ${objectName(object)}\n`);
        await printDocument(context, document, () => `Tag "${tag}" would go:\n${lines.join('')}`);
        return EXIT.ok;
      }
      const isAsked = namespaces.length > 0 && !options.yes && !options.skipConfirmation;
      if (isAsked && !(await isAgreed(tag, namespaces, context))) {
        context.err.line('Aborting operation.');
        return EXIT.failure;
      }
      await removeTag(cluster, state, tag);
      await printDocument(context, document, () => `Revision tag ${tag} removed\n`);
      return EXIT.ok;
    }),
});

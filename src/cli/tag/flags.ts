import { Fault } from '../../base/fault.ts';
import { clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { flag, text } from '../command.ts';

/** The flags of `tag set` and `tag generate`. */
export const TAG_FLAGS = {
  revision: text('-r, --revision <name>', 'the revision of the control plane that the tag leads to'),
  overwrite: flag('--overwrite', 'move a tag that exists'),
  autoInjectNamespaces: flag('--auto-inject-namespaces', 'inject namespaces that say nothing, too'),
  webhookName: text('--webhook-name <name>', 'the name of the webhook instead of istio-revision-tag-TAG'),
  manifests: text('-d, --manifests <dir>', 'charts to use instead of those that come with heddle'),
  yes: flag('-y, --yes', 'do not ask, in spite of conflicts'),
  skipConfirmation: flag('--skip-confirmation', 'the name istioctl has for --yes'),
  istioNamespace: istioNamespaceFlag,
  ...clusterFlags,
};

const usage = (message: string, hint: string): Fault => new Fault(message, { kind: 'usage', code: 'BAD_TAG', hint });

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The one tag that a command line names; a usage Fault for none, several, or what can be no name. */
export const theTag = (args: readonly string[], example: string): string => {
  const [tag, more] = args;
  if (tag === undefined || more !== undefined)
    throw usage(
      tag === undefined ? 'no tag is named' : `one tag at a time, not ${args.join(' ')}`,
      `such as ${example}`,
    );
  if (!LABEL.test(tag))
    throw usage(`"${tag}" cannot name a tag`, 'a tag has lower-case letters, digits and dashes only, such as prod');
  return tag;
};

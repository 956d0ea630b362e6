import { profileNames } from '../../../install/operator/profile.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { INSTALL_FLAGS } from '../../install/flags.ts';
import { readTree } from '../../install/tree.ts';
import { printDocument } from '../../output.ts';

export const profileList = defineCommand({
  summary: 'Lists the profiles an installation can start from.',
  examples: [
    ['heddle profile list', 'those that come with heddle'],
    ['heddle profile list -d istio-1.31.1/manifests', 'those of an Istio release'],
  ],
  options: { manifests: INSTALL_FLAGS.manifests },
  formats: ['text', 'json', 'yaml'],
  seeAlso: ['heddle profile dump', 'heddle manifest generate'],
  run: async (context, _args, { manifests }) => {
    const items = profileNames(await readTree(manifests, context.io));
    const document = { kind: 'ProfileList', items: items.map((name) => ({ name })) };
    await printDocument(context, document, () => items.map((name) => `${name}\n`).join(''));
    return EXIT.ok;
  },
});

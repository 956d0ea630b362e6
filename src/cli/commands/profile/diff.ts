import { diffValues } from '../../../install/manifest/diff.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { changeLines } from '../../install/change-lines.ts';
import { INSTALL_FLAGS } from '../../install/flags.ts';
import { readProfile } from '../../install/profile.ts';
import { printDocument } from '../../output.ts';

export const profileDiff = defineCommand({
  summary: 'Shows in what two profiles differ.',
  examples: [['heddle profile diff default ambient', 'field by field']],
  arguments: [
    { name: 'PROFILE', summary: 'a profile', required: true },
    { name: 'OTHER', summary: 'the one to compare it with', required: true },
  ],
  options: { manifests: INSTALL_FLAGS.manifests },
  formats: ['text', 'json', 'yaml'],
  exitCodes: { 1: 'there is no such profile', 81: 'the profiles differ' },
  seeAlso: ['heddle profile dump', 'heddle manifest diff'],
  run: async (context, [left = '', right = ''], { manifests }) => {
    const before = await readProfile(left, manifests, context);
    const fields = diffValues(before, await readProfile(right, manifests, context), '');
    await printDocument(context, { kind: 'ProfileDiff', fields }, () =>
      fields.length === 0
        ? 'the profiles are the same\n'
        : fields.map((field) => `${changeLines(field, context.out.paint)}\n`).join(''),
    );
    return fields.length === 0 ? EXIT.ok : EXIT.drift;
  },
});

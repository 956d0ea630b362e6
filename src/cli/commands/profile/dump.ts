import { effectiveOperator } from '../../../install/operator/effective.ts';
import { installPackagePath } from '../../../install/operator/inputs.ts';
import { printGoYaml } from '../../../yaml/emit/go-yaml.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { INSTALL_FLAGS } from '../../install/flags.ts';
import { partOf, readProfile } from '../../install/profile.ts';
import { readRequest, refuse } from '../../install/render.ts';
import { readTree } from '../../install/tree.ts';

export const profileDump = defineCommand({
  summary: 'Prints the IstioOperator of a profile, or of a profile and the settings over it.',
  examples: [
    ['heddle profile dump demo', 'a profile'],
    ['heddle profile dump -p components.pilot', 'one part of the default profile'],
    ['heddle profile dump -f operator.yaml --set hub=example.com', 'what a set of files and settings comes to'],
  ],
  arguments: [{ name: 'PROFILE', summary: 'its name; default without one' }],
  options: {
    filename: INSTALL_FLAGS.filename,
    set: INSTALL_FLAGS.set,
    manifests: INSTALL_FLAGS.manifests,
    configPath: text('-p, --config-path <path>', 'print only what is there, below spec: components.pilot'),
  },
  formats: ['yaml', 'json'],
  exitCodes: { 1: 'there is no such profile', 65: 'a file cannot be read' },
  seeAlso: ['heddle profile diff', 'heddle manifest generate'],
  run: async (context, [name], { filename, set, manifests, configPath }) => {
    let operator = await readProfile(name ?? '', manifests, context);
    if (filename.length > 0 || set.length > 0) {
      const sets = [...set, ...(name === undefined ? [] : [`profile=${name}`])];
      const request = { filename, set: sets, manifests, revision: undefined, charts: undefined };
      const { inputs, sources } = await readRequest(request, context.io);
      refuse(inputs.problems, sources, context);
      const effective = effectiveOperator(await readTree(installPackagePath(inputs), context.io), inputs);
      refuse(effective.problems, sources, context);
      operator = effective.operator;
    }
    const shown = configPath === undefined ? operator : partOf(operator, configPath);
    if (context.format === 'json') context.out.line(JSON.stringify(shown, null, 2));
    else context.out.write(printGoYaml(shown));
    return EXIT.ok;
  },
});

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { printManifest } from '../../../install/manifest/order.ts';
import { type Context, defineCommand, flag, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { INSTALL_FLAGS } from '../../install/flags.ts';
import { objectsOf, renderInstallation } from '../../install/render.ts';

const save = async (path: string, content: string, context: Context): Promise<void> => {
  try {
    await writeFile(resolve(context.io.cwd, path), content);
  } catch (cause) {
    throw new Fault(`cannot write ${path}`, {
      kind: 'cannot-create',
      code: 'CANNOT_WRITE',
      hint: 'name a file in a directory that exists and can be written to',
      cause,
    });
  }
};

export const manifestGenerate = defineCommand({
  summary: 'Renders an installation of Istio to Kubernetes objects, without a cluster.',
  examples: [
    ['heddle manifest generate', 'the default profile'],
    ['heddle manifest generate --set profile=demo', 'another profile; heddle profile list names them'],
    [
      'heddle manifest generate -f operator.yaml --set values.pilot.autoscaleMin=2',
      'an IstioOperator, and a setting over it',
    ],
    ['heddle manifest generate -d istio-1.31.1/manifests', "Istio's own charts"],
    ['heddle manifest generate | kubectl apply -f -', 'what a cluster takes'],
  ],
  options: {
    ...INSTALL_FLAGS,
    outFile: text('--out-file <file>', 'write to a file instead of standard output'),
    clusterSpecific: flag('--cluster-specific', 'ask the cluster what it is; not possible here'),
    dryRun: flag('--dry-run', 'render and check, and print nothing but what is wrong'),
  },
  formats: ['yaml', 'json'],
  outputNamesFile: true,
  exitCodes: {
    1: 'the settings are not valid, or a chart refuses them',
    65: 'a file cannot be read',
    73: 'the file cannot be written',
  },
  notes: [
    'Settings are checked as istioctl checks them: unknown fields and wrong types are errors, unless --force is given. ' +
      'A dot in a key is written \\., an item of a list [0] or [name:x].',
    'The objects, their order and their bytes are those of istioctl manifest generate for the same charts.',
  ],
  seeAlso: ['heddle manifest diff', 'heddle profile dump'],
  run: async (context, args, options) => {
    if (args.length > 0) {
      const hint = 'files are given with -f, settings with --set';
      throw new Fault(`manifest generate takes no arguments, not "${args.join(' ')}"`, {
        kind: 'usage',
        code: 'EXTRA_ARGUMENT',
        hint,
      });
    }
    if (options.clusterSpecific) {
      throw new Fault('--cluster-specific needs a cluster, and this command asks none', {
        kind: 'usage',
        code: 'NEEDS_CLUSTER',
        hint: 'set what the cluster needs, such as --set values.global.platform=gke',
      });
    }
    const objects = objectsOf(await renderInstallation(options, context));
    if (options.dryRun) return EXIT.ok;
    const items = objects.map(({ value }) => value);
    const content =
      context.format === 'json'
        ? `${JSON.stringify({ apiVersion: 'heddle/v1', kind: 'Manifest', items }, null, 2)}\n`
        : printManifest(objects);
    const file = options.outFile ?? context.outputs.at(-1)?.file;
    if (file === undefined) context.out.write(content);
    else await save(file, content, context);
    return EXIT.ok;
  },
});

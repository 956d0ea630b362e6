import { printManifest } from '../../../install/manifest/order.ts';
import { withCluster } from '../../cluster/with-cluster.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { TAG_FLAGS, theTag } from '../../tag/flags.ts';
import { prepareTag } from '../../tag/prepare.ts';

export const tagGenerate = defineCommand({
  summary: 'Prints the objects of a revision tag instead of applying them.',
  examples: [
    ['heddle tag generate prod -r 1-31-1 > tag.yaml', 'for a repository'],
    ['heddle tag generate prod -r 1-31-1 | kubectl apply -f -', 'what a cluster takes'],
    ['heddle tag generate default -r 1-31-1', 'with the validator of all configuration'],
  ],
  arguments: [{ name: 'TAG', summary: 'the name of the tag', required: true }],
  options: TAG_FLAGS,
  formats: ['yaml', 'json'],
  exitCodes: {
    1: 'there is no such revision, or the tag exists already',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not look',
    78: 'the kubeconfig is wrong',
  },
  seeAlso: ['heddle tag set'],
  run: (context, args, options) =>
    withCluster(context, options, async (cluster) => {
      const tag = theTag(args, 'heddle tag generate prod -r 1-31-1');
      const { objects, conflicts } = await prepareTag(cluster, tag, options, true, context);
      if (!options.yes && !options.skipConfirmation)
        for (const conflict of conflicts) context.err.line(`${context.err.paint.yellow('warning:')} ${conflict}`);
      const items = objects.map(({ value }) => value);
      context.out.write(
        context.format === 'json'
          ? `${JSON.stringify({ apiVersion: 'heddle/v1', kind: 'Manifest', items }, null, 2)}\n`
          : printManifest(objects),
      );
      return EXIT.ok;
    }),
});

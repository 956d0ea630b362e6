import { clusterFlags } from '../cluster/flags.ts';
import { withCluster } from '../cluster/with-cluster.ts';
import { defineCommand } from '../command.ts';
import { OPERATOR_FLAGS } from '../install/flags.ts';
import { verifyDocument, verifyExit, verifyInstallation, verifyText } from '../install/verify.ts';
import { printDocument } from '../output.ts';

export const verifyInstall = defineCommand({
  summary: 'Compares a cluster with an installation: what is missing, changed or not ready.',
  examples: [
    ['heddle verify-install', 'whether what is installed works'],
    ['heddle verify-install -f operator.yaml', 'and whether it is what the file says'],
    ['heddle verify-install --set profile=demo -r canary -o json', 'for scripts'],
  ],
  options: { ...OPERATOR_FLAGS, ...clusterFlags },
  formats: ['text', 'json', 'yaml'],
  exitCodes: {
    1: 'nothing is installed, or the settings cannot be rendered',
    65: 'a file cannot be read',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not look; comparing asks as installing does',
    78: 'the kubeconfig is wrong',
    79: 'something is not ready, and nothing else is wrong',
    81: 'something is missing, changed or left over',
  },
  notes: [
    'A cluster does not remember the settings of an installation: give them (-f, --set, -d) and every field is compared. ' +
      'The API server says what applying would change, so that its defaults are no differences. Nothing is changed.',
  ],
  seeAlso: ['heddle install --dry-run', 'heddle check'],
  run: (context, _args, options) =>
    withCluster(context, options, async (cluster) => {
      const { filename, set, manifests, charts } = options;
      const isCompared = filename.length + set.length > 0 || (manifests ?? charts) !== undefined;
      const all = await verifyInstallation(cluster, { ...options, component: [], filter: [] }, isCompared, context);
      await printDocument(context, verifyDocument(all, isCompared), () =>
        verifyText(all, isCompared, context.out.paint),
      );
      return verifyExit(all);
    }),
});

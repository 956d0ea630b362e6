import { defineCommand } from '../command.ts';
import { installFlags, install as run } from '../install/install.ts';

export const install = defineCommand({
  summary: 'Installs Istio on a cluster, or changes an installation to what is asked.',
  examples: [
    ['heddle install', 'the default profile; shows what changes, and asks'],
    ['heddle install --dry-run', 'the whole plan, field by field, and no change'],
    ['heddle install --set profile=demo -y', 'another profile, from a script'],
    ['heddle install -f operator.yaml --set meshConfig.enableTracing=true', 'an IstioOperator, and a setting over it'],
    ['heddle install -r canary --set profile=minimal', 'a second control plane beside the first'],
  ],
  options: installFlags,
  formats: ['text', 'json', 'yaml', 'ndjson'],
  handlesInterrupt: true,
  exitCodes: {
    1: 'the installation failed, or was not agreed to',
    65: 'a file cannot be read, or the API server refuses an object',
    69: 'the cluster cannot be reached',
    75: 'something was not ready in time',
    77: 'the user of the context may not do it',
    78: 'the kubeconfig is wrong',
  },
  notes: [
    'Objects carry the labels and the field manager of istioctl, so that either tool takes over what the other installed. ' +
      'What an installation of this revision had and has no more is removed; CustomResourceDefinitions stay.',
    'Without a terminal nobody can be asked: then --yes is needed. Running again after a failure does the rest.',
  ],
  seeAlso: ['heddle uninstall', 'heddle manifest generate', 'heddle profile list'],
  run: (context, _args, options) => run(context, options),
});

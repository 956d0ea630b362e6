import { defineCommand } from '../command.ts';
import { installFlags, install as run } from '../install/install.ts';

export const upgrade = defineCommand({
  summary: 'Brings an installation of Istio to this release and these settings.',
  examples: [
    ['heddle upgrade --dry-run', 'what would change, and which pods keep an older proxy'],
    ['heddle upgrade -f operator.yaml', 'the control plane in place'],
    ['heddle upgrade -r 1-31-1 --set profile=minimal', 'a new control plane beside the old one'],
  ],
  options: installFlags,
  formats: ['text', 'json', 'yaml', 'ndjson'],
  handlesInterrupt: true,
  exitCodes: {
    1: 'the upgrade failed, or was not agreed to',
    65: 'a file cannot be read, or the API server refuses an object',
    69: 'the cluster cannot be reached',
    75: 'something was not ready in time',
    77: 'the user of the context may not do it',
    78: 'the kubeconfig is wrong',
  },
  notes: ['The same as heddle install: settings of the earlier installation are not remembered, so give them again.'],
  seeAlso: ['heddle install', 'heddle uninstall'],
  run: (context, _args, options) => run(context, options),
});

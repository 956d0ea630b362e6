import { clusterFlags } from '../cluster/flags.ts';
import { defineCommand, flag, text, texts } from '../command.ts';
import { CHANGE_FLAGS } from '../install/flags.ts';
import { uninstall as run } from '../install/uninstall.ts';

export const uninstall = defineCommand({
  summary: 'Removes a control plane of Istio, or all of Istio, from a cluster.',
  examples: [
    ['heddle uninstall -r canary', 'one control plane; shows what goes and what still needs it, and asks'],
    ['heddle uninstall -r canary --check', 'whether it is safe yet: 79 while something depends on it'],
    ['heddle uninstall --purge --dry-run', 'everything that would go'],
    ['heddle uninstall --purge -y', 'all control planes and definitions, from a script'],
  ],
  options: {
    revision: text('-r, --revision <name>', 'the revision of the control plane that goes'),
    purge: flag('--purge', 'all revisions, CustomResourceDefinitions and what they define'),
    filename: texts('-f, --filename <path>', 'the IstioOperator file of the installation that goes'),
    set: texts('-s, --set <path=value>', 'a setting of it, such as revision=canary; repeatable'),
    manifests: text('-d, --manifests <dir>', 'charts and profiles that the installation was made from'),
    force: flag('--force', 'go on in spite of settings that are not valid'),
    check: flag('--check', 'only tell what still depends on it'),
    ...CHANGE_FLAGS,
    ...clusterFlags,
  },
  formats: ['text', 'json', 'yaml'],
  handlesInterrupt: true,
  exitCodes: {
    1: 'something could not be removed, or was not agreed to',
    65: 'a file cannot be read',
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'the user of the context may not do it',
    78: 'the kubeconfig is wrong',
    79: 'with --check: something still depends on it',
  },
  notes: [
    'Labels decide what goes: nothing that no installation made is touched. Namespaces, the CA in istio-ca-secret and the ' +
      'root certificates in istio-ca-root-cert stay.',
    'Without --purge what all revisions share stays, too: CustomResourceDefinitions, and so every VirtualService.',
  ],
  seeAlso: ['heddle install', 'heddle tag'],
  run: (context, _args, options) => run(context, options),
});

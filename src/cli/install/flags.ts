import { flag, text, texts } from '../command.ts';

/** The flags that say what an installation is, as istioctl has them. */
export const OPERATOR_FLAGS = {
  filename: texts('-f, --filename <path>', 'an IstioOperator file; repeatable, later ones win, - is standard input'),
  set: texts('-s, --set <path=value>', 'a setting such as values.pilot.autoscaleMin=2, over all files; repeatable'),
  revision: text('-r, --revision <name>', 'the revision of the control plane'),
  manifests: text('-d, --manifests <dir>', 'charts and profiles to use instead of those that come with heddle'),
  charts: text('--charts <dir>', 'an older name of --manifests'),
  force: flag('--force', 'go on in spite of settings that are not valid'),
} as const;

/** The same, and which part of it is rendered. */
export const INSTALL_FLAGS = {
  ...OPERATOR_FLAGS,
  component: texts('--component <name>', 'render this component only; repeatable'),
  filter: texts('--filter <name>', 'the name istioctl has for --component'),
} as const;

/** The flags of what changes a cluster: asked first, or said before. */
export const CHANGE_FLAGS = {
  yes: flag('-y, --yes', 'do not ask'),
  skipConfirmation: flag('--skip-confirmation', 'the name istioctl has for --yes'),
  dryRun: flag('--dry-run', 'print the whole plan and change nothing'),
} as const;

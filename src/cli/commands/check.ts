import { HEALTH_CHECKS } from '../../cluster/check/checks.ts';
import { checkExit } from '../check/exit-code.ts';
import { preChecks } from '../check/pre-checks.ts';
import { checkDocument, checkText, shortText } from '../check/report.ts';
import { takeChecks, waitForHealth } from '../check/take.ts';
import { clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { defineCommand, durationMs, flag } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';

export const check = defineCommand({
  summary: 'Checks the health of a mesh: control plane, webhooks, certificates, proxies.',
  examples: [
    ['heddle check', 'everything, with what to do about what is wrong'],
    ['heddle check --pre', 'before Istio is installed'],
    ['heddle check --wait 2m', 'after an installation, until all is well'],
    ['heddle check -o short', 'one line for each thing that is wrong, for scripts'],
  ],
  options: {
    pre: flag('--pre', 'check whether Istio can be installed, as heddle precheck does'),
    wait: durationMs('--wait <duration>', 'check again until nothing is wrong, for so long (0s)', 0),
    strict: flag('--strict', 'warnings count as errors'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['text', 'short', 'json', 'yaml'],
  handlesInterrupt: true,
  exitCodes: {
    69: 'the cluster, or an istiod, cannot be reached, and nothing else is wrong',
    75: 'something did not answer in time, or with --wait was still wrong',
    77: 'something may not be looked at, and nothing else is wrong',
    78: 'the kubeconfig is wrong',
    79: 'something is wrong',
  },
  notes: ['Nothing is changed. Sync states are asked of istiod through its monitoring port.'],
  seeAlso: ['heddle precheck', 'heddle verify-install', 'heddle proxy-status', 'heddle analyze --use-kube'],
  run: async (context, _args, options) => {
    const scope = { revision: undefined, namespace: undefined, fromVersion: undefined, skipControlplane: false };
    const checks = options.pre ? await preChecks(scope, context.io) : HEALTH_CHECKS;
    const threshold = options.strict ? 'warning' : 'error';
    const take = () => takeChecks(checks, options, context);
    const checked = options.wait === 0 ? await take() : await waitForHealth(take, options.wait, threshold, context);
    await printDocument(context, checkDocument(checked), () =>
      context.format === 'short' ? shortText(checked) : checkText(checked, context.out.paint),
    );
    const code = checkExit(checked.results, threshold);
    return options.wait > 0 && code === EXIT.findings ? EXIT.timeout : code;
  },
});

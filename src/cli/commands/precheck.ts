import { Fault } from '../../base/fault.ts';
import type { CheckResult, Trouble } from '../../cluster/check/check.ts';
import { checkExit } from '../check/exit-code.ts';
import { preChecks } from '../check/pre-checks.ts';
import { type Checked, takeChecks } from '../check/take.ts';
import { clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { type Context, defineCommand, flag, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';

const LEVELS = ['Error', 'Warning', 'Info'] as const;
type Level = (typeof LEVELS)[number];

/** A trouble in the shape of istioctl's messages. */
interface Message {
  readonly code: string;
  readonly level: Level;
  readonly origin: string;
  readonly message: string;
  readonly documentationUrl: string;
  readonly hint?: string;
}

const levelOf = (given: string | undefined): Level => {
  const level = LEVELS.find((each) => each.toLowerCase() === (given ?? 'Warning').toLowerCase());
  if (level !== undefined) return level;
  throw new Fault(`--output-threshold cannot be "${given}"; it is one of Info, Warning, Error`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
  });
};

const messageOf = ({ check }: CheckResult, { severity, code, origin, message, hint }: Trouble): Message => ({
  code: code ?? check.id,
  level: severity === 'error' ? 'Error' : 'Warning',
  origin: origin ?? 'Cluster',
  message,
  documentationUrl:
    code === undefined ? check.docs : `https://istio.io/latest/docs/reference/config/analysis/${code.toLowerCase()}/`,
  ...(hint !== undefined && { hint }),
});

const logLine = ({ level, code, origin, message }: Message): string => `${level} [${code}] (${origin}) ${message}\n`;

/** What istioctl says at the end, and what could not be looked at. */
const tellVerdict = ({ results }: Checked, messages: readonly Message[], { err, quiet }: Context): void => {
  for (const { check, unseen } of results)
    for (const { message } of unseen)
      err.line(`${err.paint.yellow('warning:')} not known whether ${check.title}: ${message}`);
  if (messages.length > 0) {
    err.line('Issues found when checking the cluster. Istio may not be safe to install or upgrade.');
    const hints = new Set(messages.flatMap(({ hint }) => hint ?? []));
    if (!quiet) for (const hint of hints) err.line(`Try: ${hint}`);
  } else if (!quiet && results.every(({ status }) => status !== 'unknown'))
    err.line(`${err.paint.green('✔')} No issues found when checking the cluster. Istio is safe to install or upgrade!`);
};

export const precheck = defineCommand({
  summary: 'Checks whether Istio can safely be installed or upgraded.',
  examples: [
    ['heddle precheck', 'versions, permissions and definitions'],
    ['heddle precheck --from-version 1.21', 'and what changed in behaviour since'],
    ['heddle precheck -r canary --namespace shop', 'one control plane, and the proxies of one namespace'],
    ['heddle precheck -o json', 'for scripts'],
  ],
  options: {
    skipControlplane: flag('--skip-controlplane', 'look only at what --from-version asks for'),
    outputThreshold: text('--output-threshold <level>', 'show nothing below: Info, Warning or Error (Warning)'),
    fromVersion: text('-f, --from-version <release>', 'look for what changed since this release'),
    revision: text('-r, --revision <name>', 'the control plane that is to be upgraded; otherwise all'),
    namespace: text('-n, --namespace <name>', 'look at the proxies of this namespace only'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
  },
  formats: ['log', 'json', 'yaml', 'json-compat'],
  exitCodes: {
    69: 'the cluster cannot be reached',
    75: 'the cluster did not answer in time',
    77: 'something may not be looked at, and nothing is in the way otherwise',
    78: 'the kubeconfig is wrong',
    79: 'something is in the way',
  },
  notes: ['Nothing is changed; permissions are asked for by access reviews.'],
  seeAlso: ['heddle check --pre', 'heddle install --dry-run'],
  run: async (context, _args, options) => {
    const threshold = levelOf(options.outputThreshold);
    const checked = await takeChecks(await preChecks(options, context.io), options, context);
    const messages = checked.results.flatMap((result) => result.troubles.map((trouble) => messageOf(result, trouble)));
    const items = messages.filter(({ level }) => LEVELS.indexOf(level) <= LEVELS.indexOf(threshold));
    if (context.format === 'json-compat') context.out.line(JSON.stringify(items, null, '\t'));
    else await printDocument(context, { kind: 'PrecheckReport', items }, () => items.map(logLine).join(''));
    tellVerdict(checked, messages, context);
    return messages.length > 0 ? EXIT.findings : checkExit(checked.results, 'warning');
  },
});

import { Fault } from '../../base/fault.ts';
import { injectStream } from '../../inject/inject-stream.ts';
import { namespacesOf } from '../../inject/namespaces.ts';
import { preserveStream } from '../../inject/preserve-stream.ts';
import { GIVEN_RULES, meshRules, skipWarning } from '../../inject/rules.ts';
import { readSources } from '../../input/read.ts';
import { loadYaml } from '../../yaml/load.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { unifiedDiff } from '../analysis/fix-diff.ts';
import { type Context, defineCommand, enabled, flag, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { joinTexts, writeAnswer } from '../inject/answer.ts';
import { PACKING } from '../inject/packing.ts';
import { injectionReport, skippedLines } from '../inject/report.ts';
import { type InstallationFlags, readInstallation } from '../inject/settings.ts';
import { printDocument } from '../output.ts';
import { printProblems } from '../report/problems.ts';
import { expectShortRun } from '../short-run.ts';

/** As istioctl does without a cluster: everything known is injected and written anew. */
const injectAsGiven = async (
  context: Context,
  sources: readonly SourceText[],
  flags: InstallationFlags,
): Promise<number> => {
  const { installation } = await readInstallation(flags, 'offline', context.io);
  const streams = sources.map((source) => injectStream(installation, source, GIVEN_RULES));
  await writeAnswer(context, streams.map((stream) => stream.text).join(''));
  const warnings = streams.flatMap(({ outcomes }) => outcomes.flatMap((outcome) => skipWarning(outcome) ?? []));
  if (warnings.length > 0) context.err.line();
  for (const warning of warnings) context.err.line(`${warning}\n`);
  const problems = streams.flatMap((stream) => stream.problems);
  printProblems(problems, sources, context.err);
  return problems.length > 0 ? EXIT.input : EXIT.ok;
};

interface Wishes {
  readonly check: boolean;
  readonly diff: boolean;
  readonly report: boolean;
  readonly keepOriginal: boolean;
  readonly namespace: string | undefined;
}

/** As the webhook of a mesh would: where namespaces and pods ask for it, and nothing else is touched. */
const injectAsMesh = async (
  context: Context,
  sources: readonly SourceText[],
  flags: InstallationFlags,
  { check, diff, report, keepOriginal, namespace }: Wishes,
): Promise<number> => {
  const { installation, config } = await readInstallation(flags, 'webhook', context.io);
  const namespaces = namespacesOf(sources.flatMap((source) => loadYaml(source).documents));
  const rules = meshRules({ namespaces, defaultNamespace: namespace ?? 'default', policy: config });
  const packing = keepOriginal ? PACKING : undefined;
  const streams = sources.map((source) => preserveStream(installation, source, rules, packing));
  const problems = streams.flatMap((stream) => stream.problems);
  const outcomes = streams.flatMap((stream) => stream.outcomes);
  printProblems(problems, sources, context.err);
  if (problems.length > 0) return EXIT.input;
  const changes = streams.some((stream, index) => stream.text !== sources[index]?.text);
  if (report || context.format === 'json') {
    // The library of tables takes longer to load than a pod to inject.
    const { injectionTable } = await import('../inject/report-table.ts');
    await printDocument(context, injectionReport(outcomes), () => injectionTable(outcomes));
  } else if (diff) {
    for (const [index, { name, text: before }] of sources.entries())
      for (const line of unifiedDiff(name, before, streams[index]?.text ?? before)) context.out.line(line);
  } else if (check) {
    for (const { kind, name, span } of outcomes.filter((outcome) => outcome.changes))
      context.out.line(`${span?.file}:${span?.line}: ${kind} ${name} would be injected`);
  } else {
    await writeAnswer(context, joinTexts(streams.map((stream) => stream.text)));
    if (!context.quiet) for (const line of skippedLines(outcomes)) context.err.line(line);
  }
  return check && changes ? EXIT.drift : EXIT.ok;
};

/** Flags of istioctl kube-inject about the cluster whose injector it asks. */
const ABOUT_A_CLUSTER: readonly string[] = [
  ...['--injectConfigMapName', '--meshConfigMapName', '--webhookConfig'],
  ...['--authority', '--cert-dir', '--insecure', '--plaintext', '--timeout'],
  ...['--xds-address', '--xds-label', '--xds-port'],
  ...['-c', '--kubeconfig', '--context', '-i', '--istioNamespace', '--as', '--as-group', '--as-uid'],
  ...['--kubeclient-timeout', '--vklog'],
];

export const kubeInject = defineCommand({
  summary: 'Adds sidecars to workloads, as the webhook of a cluster would, without one.',
  examples: [
    ['heddle kube-inject -f app.yaml | kubectl apply -f -', 'where namespaces in the file ask for it'],
    ['heddle kube-inject k8s/ --report', 'which workloads get a sidecar, and why'],
    ['heddle kube-inject k8s/ --check', 'exit code 81 when a sidecar is missing or out of date'],
    ['heddle kube-inject app.yaml -o meshed.yaml', 'into a file; heddle uninject meshed.yaml is app.yaml again'],
    ['heddle kube-inject app.yaml --valuesFile v.json', 'the bytes of istioctl, with your installation'],
  ],
  arguments: [{ name: 'PATH', summary: 'files, directories, patterns or - for standard input', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'a file, directory, pattern, or - for standard input; repeatable'),
    injectConfigFile: text(
      '--injectConfigFile <file>',
      "the injector's configuration (key config of ConfigMap istio-sidecar-injector), or a template",
    ),
    meshConfigFile: text('--meshConfigFile <file>', 'mesh configuration (key mesh of ConfigMap istio)'),
    valuesFile: text('--valuesFile <file>', 'Helm values (key values of ConfigMap istio-sidecar-injector)'),
    operatorFileName: text(
      '--operatorFileName <file>',
      'an IstioOperator, whose mesh configuration and values count more than those files',
    ),
    asWebhook: flag('--as-webhook', 'with such files: decide, choose templates and keep bytes as without them'),
    revision: text('-r, --revision <name>', 'revision of the control plane (default)'),
    nativeSidecars: flag('--native-sidecars', 'the proxy is an init container that keeps running'),
    injectionPath: text(
      '--injection-path <path>',
      "path of the webhook's URL, which may name cluster and network: /inject/cluster/c1/net/n1",
    ),
    namespace: text('-n, --namespace <name>', 'the namespace of objects that name none (default)'),
    check: flag('--check', 'write nothing but what would change, and exit with 81 if anything would'),
    diff: flag('--diff', 'write a unified diff instead of the result'),
    report: flag('--report', 'write for each workload whether it is injected, and why'),
    keepOriginal: enabled('--keep-original', 'a comment before each injected document lets uninject restore it'),
    outFile: text('--out-file <file>', 'write the result to a file'),
  },
  formats: ['text', 'json', 'yaml'],
  outputNamesFile: true,
  absentFlags: {
    flags: ABOUT_A_CLUSTER,
    why: 'it asks no cluster',
    hint: 'save the keys of ConfigMaps istio and istio-sidecar-injector, and give the files with --meshConfigFile, --injectConfigFile and --valuesFile',
  },
  exitCodes: { 65: 'a text cannot be read, or a pod cannot be injected', 81: 'with --check: something would change' },
  environment: { ENABLE_NATIVE_SIDECARS: 'true is the same as --native-sidecars' },
  notes: [
    'Without files of an installation, the templates that come with heddle are used, and workloads are injected where a mesh would: by labels of their pods and of the Namespace objects among the input. Documents that do not change keep their bytes.',
    'With --injectConfigFile, --meshConfigFile, --valuesFile or --operatorFileName, the output is that of istioctl kube-inject without a cluster: all workloads are injected, only the template named sidecar is a default, aliases do not count, and all objects with pods are written anew.',
  ],
  seeAlso: ['heddle uninject'],
  run: async (context, args, options) => {
    expectShortRun();
    const { filename, asWebhook, check, diff, report, keepOriginal, namespace, outFile, ...flags } = options;
    const paths = [...filename, ...args];
    if (paths.length === 0) {
      const hint = 'name files with -f, or - for standard input';
      throw new Fault('there is nothing to inject', { kind: 'usage', code: 'NO_INPUT', hint });
    }
    const sources = await readSources(paths, context.io);
    const { injectConfigFile, meshConfigFile, valuesFile, operatorFileName } = flags;
    const hasFiles = [injectConfigFile, meshConfigFile, valuesFile, operatorFileName].some(
      (file) => file !== undefined,
    );
    const to = outFile === undefined ? context : { ...context, outputs: [{ format: 'text', file: outFile }] };
    if (!hasFiles || asWebhook) {
      return injectAsMesh(to, sources, flags, { check, diff, report, keepOriginal, namespace });
    }
    if (check || diff || report || context.format !== 'text') {
      const hint = 'add --as-webhook, or leave out the files of the installation';
      throw new Fault('--check, --diff, --report and -o are not for the output of istioctl', {
        kind: 'usage',
        code: 'BAD_FLAGS',
        hint,
      });
    }
    return injectAsGiven(to, sources, flags);
  },
});

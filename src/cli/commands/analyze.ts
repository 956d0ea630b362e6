import { CHECKS } from '../../analysis/checks.ts';
import type { Finding } from '../../analysis/finding.ts';
import { createReferences } from '../../analysis/reference.ts';
import { atLeast, sortFindings } from '../../analysis/run.ts';
import { Fault } from '../../base/fault.ts';
import { hasErrors } from '../../base/problem.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { type Fixing, fixing, fixTexts, takesOutput } from '../analysis/fix.ts';
import { choice, clusterPaths, level, selectChecks, suppressions } from '../analysis/flags.ts';
import { inspect, type LiveTexts, readTexts, type Texts } from '../analysis/inspect.ts';
import { type BaselineChange, baselineChange, loadKnown } from '../analysis/known.ts';
import { listChecks } from '../analysis/list.ts';
import { publish } from '../analysis/publish.ts';
import { withoutRepeats } from '../analysis/repeats.ts';
import { configPath, loadSettings, type Settings } from '../analysis/settings.ts';
import { newSince } from '../analysis/since.ts';
import { checkWatchable, runAndWatch } from '../analysis/watch.ts';
import { clusterFlags, istioNamespaceFlag } from '../cluster/flags.ts';
import { type Context, defineCommand, flag, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { clientVersion } from '../package.ts';
import { FORMATS } from '../report/analysis/formats.ts';
import type { Report } from '../report/analysis/report.ts';
import { printProblems } from '../report/problems.ts';
import { expectShortRun } from '../short-run.ts';

const noInput = (): Fault =>
  new Fault('there is nothing to analyze: no files, and --use-kube=false', {
    kind: 'usage',
    code: 'NO_INPUT',
    hint: 'name files: heddle analyze --use-kube=false ./k8s, or - for standard input',
  });

const notWatched = (): Fault =>
  new Fault('--watch is for files, and a cluster is analyzed', {
    kind: 'usage',
    code: 'CONFLICTING_FLAGS',
    hint: 'name files, and leave out --use-kube',
  });

/** Istio's filter: what belongs to another namespace is not shown; cluster-scoped objects belong to all of them. */
const isOf = (namespace: string | undefined, { resource }: Finding): boolean => {
  if (namespace === undefined || resource === undefined) return true;
  if (resource.kind === 'Namespace') return resource.name === namespace;
  return resource.namespace === '' || resource.namespace === namespace;
};

/** The configuration's text, where a finding is about it: only then is it among the inputs. */
const blamed = (source: SourceText | undefined, findings: readonly Finding[]): SourceText | undefined =>
  findings.some(({ span }) => span.file === source?.name) ? source : undefined;

/** What a run does beside reporting. */
interface Errand {
  readonly change: BaselineChange;
  readonly since: string | undefined;
  readonly isWatched: boolean;
  /** What a cluster has, where one is analyzed. */
  readonly live: LiveTexts | undefined;
  readonly fixing: Fixing | undefined;
}

/** What is to be said of some texts: what they have, without what is known or of other namespaces. */
const judge = async (texts: Texts, settings: Settings, { change, since }: Errand, io: Context['io']) => {
  const found = await inspect(texts, settings);
  const known = await loadKnown(found.kept, texts.sources, settings, change, io.cwd);
  const compared = known.apply(found.kept);
  const fresh =
    since === undefined
      ? { kept: compared.kept, suppressed: [] }
      : await newSince(compared.kept, since, { settings, texts, known, io });
  return { found, compared, fresh, kept: fresh.kept.filter((one) => isOf(settings.namespace, one)) };
};

/** One analysis from the reading of files to the reports; answers the exit code. */
const analyzeOnce = async (context: Context, settings: Settings, errand: Errand): Promise<number> => {
  const { io, quiet, err } = context;
  const given = await readTexts(settings, io, errand.live);
  const isReported = ({ level, span }: Finding): boolean => atLeast(level, settings.outputThreshold(span.file));
  const judgeSources = async (sources: readonly SourceText[]) => {
    const { found, kept } = await judge({ ...given, sources }, settings, errand, io);
    return { findings: kept.filter(isReported), problems: found.problems };
  };
  const fixed = errand.fixing && (await fixTexts(given.sources, judgeSources, errand.fixing, context));
  const texts = { ...given, sources: fixed?.sources ?? given.sources };
  const { found, compared, fresh, kept } = await judge(texts, settings, errand, io);
  const isFailure = ({ level, span }: Finding): boolean => atLeast(level, settings.failureThreshold(span.file));
  const suppressed = [...found.suppressed, ...compared.suppressed, ...fresh.suppressed];
  const silenced = suppressed.map(({ finding }) => finding);
  const problems = withoutRepeats(found.problems, [...kept, ...silenced]);
  const clusterSources = texts.clusters.flatMap(({ sources }) => sources);
  const others = [...clusterSources, texts.meshConfig, texts.meshNetworks, blamed(settings.configSource, kept)];
  const report: Report = {
    findings: sortFindings(kept.filter(isReported)),
    suppressed: suppressed.filter(({ finding }) => isOf(settings.namespace, finding)),
    problems: [...problems, ...found.unused, ...compared.problems, ...(fixed?.problems ?? [])],
    sources: [...texts.sources, ...others.flatMap((source) => source ?? [])],
    live: errand.live?.sources ?? [],
    lineOf: createReferences(found.documents),
    isFailure,
    version: clientVersion(),
  };
  const told = report.problems.filter(({ severity }) => !quiet || severity === 'error');
  printProblems(told, [...report.sources, ...report.live], err);
  const { outputs, annotates } = settings;
  const reader = takesOutput(errand.fixing, settings.paths) ? { ...context, out: err } : context;
  await publish(reader, report, { outputs, annotates, isRepeated: errand.isWatched });
  if (kept.some(isFailure)) return EXIT.findings;
  return hasErrors(found.problems) && !settings.ignoreUnknown ? EXIT.input : EXIT.ok;
};

export const analyze = defineCommand({
  summary: 'Finds mistakes in Istio configuration: the findings of istioctl, in files, a cluster, or both.',
  examples: [
    ['heddle analyze ./k8s', 'every YAML and JSON file below a directory'],
    ['heddle analyze -A', 'what the cluster has, in all namespaces'],
    ['heddle analyze --use-kube ./k8s', 'the cluster as it would be with these files'],
    ['helm template . | heddle analyze -', 'what a chart renders'],
    ['heddle analyze -n shop --failure-threshold Warning ./k8s', 'one namespace, and warnings fail'],
    ['heddle analyze -o pretty -o sarif=report.sarif ./k8s', 'for a person and for a code host'],
    ['heddle analyze --since origin/main... ./k8s', 'only what a branch brings'],
    ['heddle analyze --watch ./k8s', 'again after every change'],
    ['heddle analyze --fix --dry-run ./k8s', 'what would be corrected'],
  ],
  arguments: [{ name: 'PATH', summary: 'file, directory or pattern; - is standard input', variadic: true }],
  options: {
    namespace: text('-n, --namespace <name>', "only findings about this namespace; with a cluster the context's"),
    allNamespaces: flag('-A, --all-namespaces', 'findings about every namespace, which is the default for files'),
    useKube: choice('-k, --use-kube', 'the cluster too; the default without paths'),
    revision: text('-r, --revision <name>', 'with a cluster: as this revision of the control plane sees it (default)'),
    istioNamespace: istioNamespaceFlag,
    ...clusterFlags,
    failureThreshold: level('--failure-threshold', 'fail from this level on: Error (default), Warning, Info'),
    outputThreshold: level('--output-threshold', 'report from this level on: Info (default), Warning, Error'),
    suppress: suppressions(
      '-S, --suppress <code=pattern>',
      'drop findings about objects, e.g. "IST0102=Namespace dev-*"',
    ),
    analyzers: texts('--analyzer <name>', 'run this check only; may be repeated'),
    list: flag('-L, --list', 'show the checks with their codes'),
    meshConfig: text('--mesh-config <file>', 'mesh configuration to assume in place of what the input has'),
    meshConfigFile: text('--meshConfigFile <file>', 'the same as --mesh-config'),
    meshNetworks: text('--mesh-networks <file>', 'networks of a multi-network mesh'),
    clusters: clusterPaths('--cluster <name=path>', 'files of one more cluster of the mesh; may be repeated'),
    ignoreUnknown: choice('--ignore-unknown', 'do not fail for documents that cannot be parsed'),
    baseline: text('--baseline <file>', 'drop the findings this file knows'),
    updateBaseline: flag('--update-baseline', 'write the findings of this run into the baseline'),
    pruneBaseline: flag('--prune-baseline', 'remove from the baseline what is no longer found'),
    since: text('--since <rev>', 'only findings that the inputs did not have at this git revision'),
    fix: flag('--fix', 'correct the files where that is safe'),
    unsafe: flag('--unsafe', 'with --fix: also where a correction may change what a cluster does'),
    dryRun: flag('--dry-run', 'with --fix: show the difference and write nothing'),
    watch: flag('-w, --watch', 'run again whenever an input changes, until Ctrl-C'),
    githubAnnotations: choice('--github-annotations', 'annotations in GitHub Actions; the default, unless =false'),
    config: text('--config <file>', 'this configuration in place of the nearest .heddle.yaml'),
    noConfig: flag('--no-config', 'no configuration file'),
  },
  formats: [...FORMATS.keys()],
  severalOutputs: true,
  exitCodes: {
    [EXIT.input]: 'a document cannot be parsed, and nothing reaches the failure threshold',
    [EXIT.config]: 'the configuration or the baseline is wrong',
    [EXIT.unreachable]: 'the cluster cannot be reached',
    [EXIT.timeout]: 'the cluster did not answer in time',
    [EXIT.denied]: 'the user of the context may not read the configuration',
    [EXIT.findings]: 'findings at or above the failure threshold',
  },
  environment: { GITHUB_ACTIONS: 'true: annotations are written to standard error too, see --github-annotations' },
  notes: [
    'With paths no cluster is asked unless --use-kube says so; then objects of the files take the place of those of the cluster. Pods are those that run. What is in the cluster has the place CONTEXT:KIND/NAMESPACE/NAME in formats that need one.',
    '-o FORMAT=FILE writes a file; -o may be repeated. Without it a terminal gets pretty and a pipe gets log, the lines of istioctl. The exit code is the same for every format.',
    'A comment "# heddle-ignore CODE[,CODE] -- reason" silences findings on its line or, on a line of its own, on the next. The annotation galley.istio.io/analyze-suppress silences its object. What silences nothing is reported.',
    'The nearest .heddle.yaml, in the working directory or above it up to the root of the repository, may set paths, thresholds, suppressions, outputs and more for heddle analyze without arguments in CI and by hand alike; flags win over it. Its JSON Schema is templates/schema/heddle.schema.json of the package.',
    '--since REV analyzes the same inputs as they were at REV, too, and drops the findings they had then, as a baseline would: moved lines and renamed files bring nothing new, and what a deletion breaks elsewhere is new. --since REV... is the commit at which HEAD and REV parted. Nothing is checked out.',
    '--fix changes the text of what is found and nothing else: comments, order, quotes and line ends stay. A correction is dropped, and said so, where an alias repeats its text or where it would bring a new error. What remains is reported and decides the exit code. With - the corrected text goes to standard output, with --dry-run the difference, and reports without FILE to standard error.',
    'With --watch, -o json and json-compat print one line per run; formats that are one document need -o FORMAT=FILE. The exit code is that of the interruption.',
  ],
  seeAlso: ['heddle explain CODE'],
  run: async (context, args, options) => {
    expectShortRun();
    if (options.list) {
      await listChecks(context, selectChecks(options.analyzers, CHECKS));
      return EXIT.ok;
    }
    const { since, watch: isWatched } = options;
    const change = baselineChange(options.updateBaseline, options.pruneBaseline);
    const errand = { change, since, isWatched, live: undefined, fixing: fixing(options) };
    const plan = async () => {
      const settings = await loadSettings(context, args, options);
      const isEmpty = settings.paths.length === 0 && settings.clusters.length === 0;
      if (isEmpty && options.useKube === false) throw noInput();
      return { settings, isLive: options.useKube ?? isEmpty };
    };
    if (!isWatched) {
      const { settings, isLive } = await plan();
      if (!isLive) return analyzeOnce(context, settings, errand);
      const { readLive } = await import('../analysis/live.ts');
      const live = await readLive(context, options, settings.namespace, options.allNamespaces);
      const namespace = options.allNamespaces ? undefined : live.namespace;
      return analyzeOnce(context, { ...settings, namespace }, { ...errand, live });
    }
    return runAndWatch(context, async () => {
      const { settings, isLive } = await plan();
      if (isLive) throw notWatched();
      checkWatchable(settings, errand.change !== 'none');
      const others = [settings.meshConfig, settings.meshNetworks, settings.baseline, configPath(context, options)];
      return {
        paths: [
          ...settings.paths,
          ...settings.clusters.flatMap(({ paths }) => paths),
          ...others.flatMap((path) => path ?? []),
        ],
        isExcluded: settings.isExcluded,
        run: () => analyzeOnce(context, settings, errand),
      };
    });
  },
});

import { resolve } from 'node:path';
import { applyBaseline, baselineOf, printBaseline } from '../../analysis/baseline.ts';
import { CHECKS } from '../../analysis/checks.ts';
import type { Finding } from '../../analysis/finding.ts';
import { loadInput } from '../../analysis/input.ts';
import { createReferences } from '../../analysis/reference.ts';
import { atLeast, runChecks, sortFindings } from '../../analysis/run.ts';
import { suppress } from '../../analysis/suppress.ts';
import { Fault } from '../../base/fault.ts';
import { hasErrors } from '../../base/problem.ts';
import { readSources } from '../../input/read.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { judgeCertificate } from '../analysis/certificate.ts';
import { loadBaseline, namesFor, writeWhole } from '../analysis/files.ts';
import { choice, level, selectChecks, suppressions } from '../analysis/flags.ts';
import { listChecks } from '../analysis/list.ts';
import { publish } from '../analysis/publish.ts';
import { type Context, defineCommand, flag, text, texts } from '../command.ts';
import { EXIT } from '../exit.ts';
import { clientVersion } from '../package.ts';
import { FORMATS } from '../report/analysis/formats.ts';
import type { Report } from '../report/analysis/report.ts';
import { printProblems } from '../report/problems.ts';

const noCluster = (): Fault =>
  new Fault('analyzing a cluster is not supported by this version of heddle', {
    kind: 'unreachable',
    code: 'CLUSTER_NOT_SUPPORTED',
    hint: 'name files: heddle analyze --use-kube=false ./k8s, or - for standard input',
  });

const readOne = async (path: string | undefined, { io }: Context): Promise<SourceText | undefined> =>
  path === undefined ? undefined : (await readSources([path], { stdin: io.stdin, cwd: io.cwd }))[0];

/** Istio's filter: what belongs to another namespace is not shown; cluster-scoped objects belong to all of them. */
const isOf = (namespace: string | undefined, { resource }: Finding): boolean => {
  if (namespace === undefined || resource === undefined) return true;
  if (resource.kind === 'Namespace') return resource.name === namespace;
  return resource.namespace === '' || resource.namespace === namespace;
};

interface Plan {
  readonly baseline: string | undefined;
  readonly updateBaseline: boolean;
}

/** Takes out what the baseline knows, after writing it anew where that is asked for. */
const compare = async (findings: readonly Finding[], { baseline: path, updateBaseline }: Plan, { io }: Context) => {
  if (path === undefined) {
    if (!updateBaseline) return { kept: findings, suppressed: [], problems: [] };
    throw new Fault('--update-baseline needs --baseline', {
      kind: 'usage',
      code: 'MISSING_FLAG',
      hint: 'for example: --baseline heddle-baseline.json --update-baseline',
    });
  }
  const nameOf = namesFor(path, io.cwd);
  const file = resolve(io.cwd, path);
  const before = await loadBaseline(file, updateBaseline);
  if (!updateBaseline) return applyBaseline(findings, before, nameOf);
  const baseline = baselineOf(findings, nameOf);
  await writeWhole(file, printBaseline(baseline));
  return applyBaseline(findings, baseline, nameOf);
};

export const analyze = defineCommand({
  summary: 'Finds mistakes in Istio configuration: the findings of istioctl, from plain YAML, without a cluster.',
  examples: [
    ['heddle analyze ./k8s', 'every YAML and JSON file below a directory'],
    ['helm template . | heddle analyze -', 'what a chart renders'],
    ['heddle analyze -n shop --failure-threshold Warning ./k8s', 'one namespace, and warnings fail'],
    ['heddle analyze -o pretty -o sarif=report.sarif ./k8s', 'for a person and for a code host'],
    ['heddle analyze --baseline known.json ./k8s', 'only what is new'],
  ],
  arguments: [{ name: 'PATH', summary: 'file, directory or pattern; - is standard input', variadic: true }],
  options: {
    namespace: text('-n, --namespace <name>', 'only findings about this namespace'),
    allNamespaces: flag('-A, --all-namespaces', 'findings about every namespace of the input, which is the default'),
    useKube: choice(
      '-k, --use-kube',
      'the cluster too: not supported by this version; false is the default with paths',
    ),
    failureThreshold: level('--failure-threshold', 'fail from this level on: Error (default), Warning, Info', 'error'),
    outputThreshold: level('--output-threshold', 'report from this level on: Info (default), Warning, Error', 'info'),
    suppress: suppressions(
      '-S, --suppress <code=pattern>',
      'drop findings about objects, e.g. "IST0102=Namespace dev-*"',
    ),
    analyzers: texts('--analyzer <name>', 'run this check only; may be repeated'),
    list: flag('-L, --list', 'show the checks with their codes'),
    meshConfig: text('--mesh-config <file>', 'mesh configuration to assume in place of what the input has'),
    meshConfigFile: text('--meshConfigFile <file>', 'the same as --mesh-config'),
    meshNetworks: text('--mesh-networks <file>', 'networks of a multi-network mesh'),
    ignoreUnknown: flag('--ignore-unknown', 'do not fail for documents that cannot be parsed'),
    baseline: text('--baseline <file>', 'drop the findings this file knows'),
    updateBaseline: flag('--update-baseline', 'write the findings of this run into the baseline'),
  },
  formats: [...FORMATS.keys()],
  severalOutputs: true,
  exitCodes: {
    [EXIT.input]: 'a document cannot be parsed, and nothing reaches the failure threshold',
    [EXIT.unreachable]: 'a cluster was asked for',
    [EXIT.findings]: 'findings at or above the failure threshold',
  },
  environment: { GITHUB_ACTIONS: 'true: annotations are written to standard error too' },
  notes: [
    '-o FORMAT=FILE writes a file; -o may be repeated. Without it a terminal gets pretty and a pipe gets log, the lines of istioctl. The exit code is the same for every format.',
    'A comment "# heddle-ignore CODE[,CODE] -- reason" silences findings on its line or, on a line of its own, on the next. The annotation galley.istio.io/analyze-suppress silences its object. What silences nothing is reported.',
  ],
  seeAlso: ['heddle explain CODE'],
  run: async (context, paths, options) => {
    const checks = selectChecks(options.analyzers, CHECKS);
    if (options.list) {
      await listChecks(context, checks);
      return EXIT.ok;
    }
    if (paths.length === 0 || options.useKube === true) throw noCluster();
    const sources = await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd });
    const meshConfig = await readOne(options.meshConfig ?? options.meshConfigFile, context);
    const meshNetworks = await readOne(options.meshNetworks, context);
    const { input, documents, problems } = await loadInput(sources, {
      ...(meshConfig && { meshConfig }),
      ...(meshNetworks && { meshNetworks }),
      judgeCertificate: (pem) => judgeCertificate(pem, Date.now()),
    });
    const codes = new Set<string>(checks.flatMap(({ emits }) => emits));
    const judged = suppress(runChecks(checks, input), {
      sources,
      resources: input.mesh.resources,
      rules: options.suppress,
      isLookedFor: (code) => codes.has(code),
    });
    const namespace = options.allNamespaces ? undefined : options.namespace;
    const compared = await compare(
      judged.kept.filter((one) => isOf(namespace, one)),
      options,
      context,
    );
    const isFailure = (one: Finding): boolean => atLeast(one.level, options.failureThreshold);
    const report: Report = {
      findings: sortFindings(compared.kept.filter((one) => atLeast(one.level, options.outputThreshold))),
      suppressed: [...judged.suppressed.filter((one) => isOf(namespace, one.finding)), ...compared.suppressed],
      problems: [...problems, ...judged.problems, ...compared.problems],
      sources: [...sources, ...[meshConfig, meshNetworks].flatMap((source) => source ?? [])],
      lineOf: createReferences(documents),
      isFailure,
      version: clientVersion(),
    };
    const told = report.problems.filter(({ severity }) => !context.quiet || severity === 'error');
    printProblems(told, report.sources, context.err);
    await publish(context, report);
    if (compared.kept.some(isFailure)) return EXIT.findings;
    return hasErrors(problems) && !options.ignoreUnknown ? EXIT.input : EXIT.ok;
  },
});

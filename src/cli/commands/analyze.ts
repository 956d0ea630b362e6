import { CHECKS } from '../../analysis/checks.ts';
import type { Finding } from '../../analysis/finding.ts';
import { loadInput } from '../../analysis/input.ts';
import type { Level } from '../../analysis/messages.ts';
import { createReferences } from '../../analysis/reference.ts';
import { atLeast, runChecks } from '../../analysis/run.ts';
import { Fault } from '../../base/fault.ts';
import { hasErrors } from '../../base/problem.ts';
import { readSources } from '../../input/read.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import { type Context, defineCommand, flag, type OptionSpec, text } from '../command.ts';
import { EXIT } from '../exit.ts';
import { FORMATS } from '../report/analysis/formats.ts';
import type { Report } from '../report/analysis/report.ts';
import { printProblems } from '../report/problems.ts';

const LEVELS: readonly Level[] = ['error', 'warning', 'info'];

const level = (flags: string, summary: string, fallback: Level): OptionSpec<Level> => ({
  flags,
  summary,
  shape: 'value',
  read: (given) => {
    const value = given.at(-1);
    if (value === undefined) return fallback;
    const found = LEVELS.find((name) => name === value.toLowerCase());
    if (found === undefined)
      throw new Fault(`${/--[\w-]+/.exec(flags)?.[0]} wants Error, Warning or Info, not "${value}"`, {
        kind: 'usage',
        code: 'BAD_FLAG_VALUE',
      });
    return found;
  },
});

const useKube: OptionSpec<boolean | undefined> = {
  flags: '-k, --use-kube',
  summary: 'analyze a cluster too (not supported by this version); --use-kube=false is the default with paths',
  shape: 'switch',
  read: (given) => (given.length === 0 ? undefined : given.at(-1) === 'true'),
};

const noCluster = (): Fault =>
  new Fault('analyzing a cluster is not supported by this version of heddle', {
    kind: 'unreachable',
    code: 'CLUSTER_NOT_SUPPORTED',
    hint: 'name files: heddle analyze --use-kube=false ./k8s (or - for standard input)',
  });

const readOne = async (path: string | undefined, context: Context): Promise<SourceText | undefined> => {
  if (path === undefined) return undefined;
  const [source] = await readSources([path], { stdin: context.io.stdin, cwd: context.io.cwd });
  return source;
};

/** Istio's filter: what belongs to another namespace is not shown; cluster-scoped objects belong to all. */
const isOf = (namespace: string, { resource }: Finding): boolean =>
  resource === undefined ||
  (resource.kind === 'Namespace' ? resource.name : resource.namespace || namespace) === namespace;

export const analyze = defineCommand({
  summary: 'Finds mistakes in Istio configuration: every finding of Istio, from plain YAML, without a cluster.',
  examples: [
    ['heddle analyze ./k8s', 'every YAML and JSON file below a directory'],
    ['helm template . | heddle analyze -', 'what a chart renders'],
    ['heddle analyze -n shop --failure-threshold Warning ./k8s', 'one namespace, and warnings fail'],
  ],
  arguments: [{ name: 'PATH', summary: 'file, directory or pattern; - is standard input', variadic: true }],
  options: {
    namespace: text('-n, --namespace <name>', 'only findings about this namespace'),
    allNamespaces: flag('-A, --all-namespaces', 'findings about every namespace of the input: the default'),
    useKube,
    failureThreshold: level(
      '--failure-threshold <level>',
      'exit with 79 from this level on: Error (default), Warning, Info',
      'error',
    ),
    outputThreshold: level(
      '--output-threshold <level>',
      'report from this level on: Info (default), Warning, Error',
      'info',
    ),
    meshConfig: text('--mesh-config <file>', 'mesh configuration to assume in place of what the input has'),
    meshNetworks: text('--mesh-networks <file>', 'networks of a multi-network mesh'),
    ignoreUnknown: flag('--ignore-unknown', 'do not fail for documents that cannot be parsed'),
  },
  formats: [...FORMATS.keys()],
  severalOutputs: true,
  exitCodes: {
    [EXIT.input]: 'a document cannot be parsed',
    [EXIT.unreachable]: 'a cluster was asked for',
    79: 'findings at or above the failure threshold',
  },
  run: async (context, paths, options) => {
    if (paths.length === 0 || options.useKube === true) throw noCluster();
    const sources = await readSources(paths, { stdin: context.io.stdin, cwd: context.io.cwd });
    const meshConfig = await readOne(options.meshConfig, context);
    const meshNetworks = await readOne(options.meshNetworks, context);
    const { input, documents, problems } = await loadInput(sources, {
      ...(meshConfig && { meshConfig }),
      ...(meshNetworks && { meshNetworks }),
    });
    const { namespace } = options;
    const found = runChecks(CHECKS, input).filter(
      (one) => options.allNamespaces || namespace === undefined || isOf(namespace, one),
    );
    const report: Report = {
      findings: found.filter((one) => atLeast(one.level, options.outputThreshold)),
      problems,
      sources: [...sources, ...[meshConfig, meshNetworks].flatMap((source) => source ?? [])],
      lineOf: createReferences(documents),
    };
    printProblems(problems, report.sources, context.err);
    const outputs =
      context.outputs.length > 0
        ? context.outputs
        : [{ format: context.out.isTty ? 'pretty' : 'log', file: undefined }];
    for (const { format } of outputs) {
      const render = FORMATS.get(format);
      if (render !== undefined)
        context.out.write(render(report, { paint: context.out.paint, columns: context.io.stdout.columns }));
    }
    if (found.some((one) => atLeast(one.level, options.failureThreshold))) return EXIT.findings;
    return hasErrors(problems) && !options.ignoreUnknown ? EXIT.input : EXIT.ok;
  },
});

import { join, relative, resolve } from 'node:path';
import type { Check } from '../../analysis/check.ts';
import { CHECKS } from '../../analysis/checks.ts';
import type { Level } from '../../analysis/messages.ts';
import type { SuppressionRule } from '../../analysis/suppress.ts';
import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { matchesPath } from '../../base/path-glob.ts';
import { STDIN } from '../../input/read.ts';
import { spanOf } from '../../yaml/located.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Context, Output } from '../command.ts';
import { type AnalyzeConfig, badConfig, type Config } from '../config/config.ts';
import { findConfig, loadConfig } from '../config/find.ts';
import { type ClusterPaths, selectChecks } from './flags.ts';

/** The flags that a configuration file knows as well; undefined, or empty, where they were not given. */
export interface AnalyzeFlags {
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly failureThreshold: Level | undefined;
  readonly outputThreshold: Level | undefined;
  readonly suppress: readonly SuppressionRule[];
  readonly analyzers: readonly string[];
  readonly meshConfig: string | undefined;
  readonly meshConfigFile: string | undefined;
  readonly meshNetworks: string | undefined;
  readonly clusters: readonly ClusterPaths[];
  readonly ignoreUnknown: boolean | undefined;
  readonly githubAnnotations: boolean | undefined;
  readonly baseline: string | undefined;
  readonly config: string | undefined;
  readonly noConfig: boolean;
}

/** What a run goes by: flags over `.heddle.yaml` over defaults. Paths are relative to the working directory. */
export interface Settings {
  readonly paths: readonly string[];
  /** Of an absolute path: whether it is left out of directories and patterns. */
  readonly isExcluded: (path: string) => boolean;
  readonly checks: readonly Check[];
  /** The codes that no check left out could find: of others, nothing found does not mean that nothing is there. */
  readonly codes: ReadonlySet<string>;
  readonly rules: readonly SuppressionRule[];
  readonly isReasonRequired: boolean;
  /** Undefined for all. */
  readonly namespace: string | undefined;
  /** From which level on findings in a file fail the run. */
  readonly failureThreshold: (file: string) => Level;
  readonly outputThreshold: (file: string) => Level;
  readonly outputs: readonly Output[];
  readonly annotates: boolean;
  readonly meshConfig: string | undefined;
  readonly meshNetworks: string | undefined;
  readonly clusters: readonly ClusterPaths[];
  readonly baseline: string | undefined;
  readonly ignoreUnknown: boolean;
  readonly configSource: SourceText | undefined;
}

const LEVELS: Readonly<Record<'Error' | 'Warning' | 'Info', Level>> = {
  Error: 'error',
  Warning: 'warning',
  Info: 'info',
};

/** Where the configuration of a run stands; undefined where there is none. */
export const configPath = ({ io }: Context, { config, noConfig }: AnalyzeFlags): string | undefined => {
  if (!noConfig) return config ?? findConfig(io);
  if (config === undefined) return undefined;
  throw new Fault('--config and --no-config exclude each other', { kind: 'usage', code: 'CONFLICTING_FLAGS' });
};

/** The checks to run; throws for a name of the configuration that no check has. */
const enabledChecks = (names: readonly string[], disabled: readonly string[]): readonly Check[] => {
  if (names.length > 0) return selectChecks(names, CHECKS);
  const known = CHECKS.map(({ name }) => name);
  const problems = disabled.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const near = suggest(name, known);
    const hint = near === undefined ? 'heddle analyze --list shows all' : `did you mean ${near}?`;
    const span = spanOf(disabled, index);
    return [
      { severity: 'error', code: 'UNKNOWN_CHECK', message: `there is no check "${name}"`, hint, ...(span && { span }) },
    ] as const;
  });
  if (problems.length > 0) throw badConfig(problems);
  return CHECKS.filter(({ name }) => !disabled.includes(name));
};

const decidedCodes = (checks: readonly Check[]): ReadonlySet<string> => {
  const open = new Set<string>(CHECKS.filter((check) => !checks.includes(check)).flatMap(({ emits }) => emits));
  return new Set<string>(checks.flatMap(({ emits }) => emits).filter((code) => !open.has(code)));
};

/** A path of the command line relative to the configuration file; undefined for standard input. */
type PlaceOf = (file: string) => string | undefined;

const configuredRules = (config: Config, placeOf: PlaceOf, isUnusedTold: boolean): readonly SuppressionRule[] =>
  (config.analyze.suppress ?? []).map(({ code, resource = '*', path, reason }, index) => {
    const whole = { file: config.source.name, line: 1, column: 1, endLine: 1, endColumn: 1 };
    const coversFile = (file: string): boolean => {
      const place = placeOf(file);
      return path === undefined || (place !== undefined && matchesPath(path, place));
    };
    const span = spanOf(config.analyze.suppress ?? [], index) ?? whole;
    return { code, pattern: resource, configured: { reason, span, coversFile, isUnusedTold } };
  });

const thresholdOf = (
  key: 'failureThreshold' | 'outputThreshold',
  given: Level | undefined,
  { overrides = [], ...config }: AnalyzeConfig,
  placeOf: PlaceOf,
): ((file: string) => Level) => {
  if (given !== undefined) return () => given;
  const fallback = config[key] === undefined ? (key === 'failureThreshold' ? 'error' : 'info') : LEVELS[config[key]];
  const own = overrides.filter((one) => one[key] !== undefined).toReversed();
  return (file) => {
    const place = placeOf(file);
    if (place === undefined) return fallback;
    const level = own.find(({ paths }) => paths.some((pattern) => matchesPath(pattern, place)))?.[key];
    return level === undefined ? fallback : LEVELS[level];
  };
};

/** Decides what a run goes by, reading the configuration file; throws a Fault where it is missing or wrong. */
export const loadSettings = async (
  context: Context,
  args: readonly string[],
  flags: AnalyzeFlags,
): Promise<Settings> => {
  const { io } = context;
  const path = configPath(context, flags);
  const config = path === undefined ? undefined : await loadConfig(path, io);
  const { analyze = {} } = config ?? {};
  const base = config?.directory ?? io.cwd;
  const fromCwd = (file: string): string => relative(io.cwd, join(base, file)) || '.';
  const located = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : relative(io.cwd, resolve(base, file));
  const placeOf: PlaceOf = (file) =>
    file === STDIN ? undefined : relative(base, resolve(io.cwd, file)).replaceAll('\\', '/');
  const outputs =
    context.outputs.length > 0
      ? context.outputs
      : (analyze.output ?? []).map(({ format, file }) => ({ format, file: located(file) }));
  const written = new Set(outputs.flatMap(({ file }) => (file === undefined ? [] : resolve(io.cwd, file))));
  const checks = enabledChecks(flags.analyzers, analyze.disabledChecks ?? []);
  const baseline = flags.baseline ?? located(analyze.baseline);
  if (baseline !== undefined) written.add(resolve(io.cwd, baseline));
  return {
    paths: args.length > 0 ? args : (analyze.paths ?? []).map(fromCwd),
    // A report of the last run is no input of the next.
    isExcluded: (file) =>
      written.has(file) || (analyze.exclude ?? []).some((pattern) => matchesPath(pattern, placeOf(file) ?? '')),
    checks,
    codes: decidedCodes(checks),
    rules: [...flags.suppress, ...(config === undefined ? [] : configuredRules(config, placeOf, args.length === 0))],
    isReasonRequired: analyze.suppressionReasons === 'required',
    namespace: flags.allNamespaces ? undefined : (flags.namespace ?? analyze.namespace),
    failureThreshold: thresholdOf('failureThreshold', flags.failureThreshold, analyze, placeOf),
    outputThreshold: thresholdOf('outputThreshold', flags.outputThreshold, analyze, placeOf),
    outputs,
    annotates: flags.githubAnnotations ?? analyze.githubAnnotations ?? true,
    meshConfig: flags.meshConfig ?? flags.meshConfigFile ?? located(analyze.meshConfig),
    meshNetworks: flags.meshNetworks ?? located(analyze.meshNetworks),
    clusters: flags.clusters,
    baseline,
    ignoreUnknown: flags.ignoreUnknown ?? analyze.ignoreUnknown ?? false,
    configSource: config?.source,
  };
};

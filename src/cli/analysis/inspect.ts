import type { Finding } from '../../analysis/finding.ts';
import { type ClusterSources, loadInput } from '../../analysis/input.ts';
import { runChecks } from '../../analysis/run.ts';
import { type Suppressed, suppress } from '../../analysis/suppress.ts';
import type { Problem } from '../../base/problem.ts';
import { readSources } from '../../input/read.ts';
import type { LoadedDocument } from '../../yaml/load.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Io } from '../io.ts';
import { judgeCertificate } from './certificate.ts';
import type { Settings } from './settings.ts';

/** The texts of one analysis. */
export interface Texts {
  readonly sources: readonly SourceText[];
  readonly meshConfig: SourceText | undefined;
  readonly meshNetworks: SourceText | undefined;
  readonly clusters: readonly ClusterSources[];
  /** What is read from the cluster beside them. */
  readonly live: LiveTexts | undefined;
}

/** The configuration of a running cluster. */
export interface LiveTexts {
  /** Where objects of files go that name no namespace. */
  readonly namespace: string;
  /** The mesh configuration and networks of another revision than the default. */
  readonly meshConfig: SourceText | undefined;
  readonly meshNetworks: SourceText | undefined;
  readonly sources: readonly SourceText[];
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/** Reads what the settings name; throws a Fault where it cannot be read. */
export const readTexts = async (
  settings: Settings,
  { stdin, cwd }: Io,
  live: LiveTexts | undefined,
): Promise<Texts> => {
  const readOne = async (path: string | undefined): Promise<SourceText | undefined> =>
    path === undefined ? undefined : (await readSources([path], { stdin, cwd }))[0];
  const clusters: ClusterSources[] = [];
  for (const { name, paths } of settings.clusters)
    clusters.push({ name, sources: await readSources(paths, { stdin, cwd, isExcluded: settings.isExcluded }) });
  return {
    sources: await readSources(settings.paths, { stdin, cwd, isExcluded: settings.isExcluded }),
    meshConfig: (await readOne(settings.meshConfig)) ?? live?.meshConfig,
    meshNetworks: (await readOne(settings.meshNetworks)) ?? live?.meshNetworks,
    clusters,
    live,
  };
};

/** What is found in texts of every namespace, before baseline and thresholds. */
export interface Inspection {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly Suppressed[];
  /** What could not be read, or was read with reservation. */
  readonly problems: readonly Problem[];
  /** Rules that fit nothing. */
  readonly unused: readonly Problem[];
  readonly documents: readonly LoadedDocument[];
}

/** Runs the checks over texts and takes out what comments, annotations and rules silence. */
export const inspect = async (
  { sources, meshConfig, meshNetworks, clusters, live }: Texts,
  { checks, codes, rules, isReasonRequired }: Settings,
): Promise<Inspection> => {
  const { input, documents, problems } = await loadInput(sources, {
    ...(meshConfig && { meshConfig }),
    ...(meshNetworks && { meshNetworks }),
    clusters,
    ...(live && { running: live.sources, defaultNamespace: live.namespace }),
    judgeCertificate: (pem) => judgeCertificate(pem, Date.now()),
  });
  const judged = suppress(runChecks(checks, input), {
    sources: [...sources, ...clusters.flatMap((cluster) => cluster.sources)],
    documents,
    resources: [input, ...(input.clusters ?? [])].flatMap(({ mesh }) => mesh.resources),
    rules,
    isLookedFor: (code) => codes.has(code),
    isReasonRequired,
  });
  const running = new Set(live?.sources.map(({ name }) => name));
  return {
    // Files can be corrected, a cluster not.
    kept: judged.kept.map((one) => (running.has(one.span.file) ? { ...one, fix: undefined } : one)),
    suppressed: judged.suppressed,
    problems: [...(live?.problems ?? []), ...problems],
    unused: judged.problems,
    documents,
  };
};

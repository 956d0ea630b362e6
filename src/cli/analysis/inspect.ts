import type { Finding } from '../../analysis/finding.ts';
import { loadInput } from '../../analysis/input.ts';
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
}

/** Reads what the settings name; throws a Fault where it cannot be read. */
export const readTexts = async (settings: Settings, { stdin, cwd }: Io): Promise<Texts> => {
  const readOne = async (path: string | undefined): Promise<SourceText | undefined> =>
    path === undefined ? undefined : (await readSources([path], { stdin, cwd }))[0];
  return {
    sources: await readSources(settings.paths, { stdin, cwd, isExcluded: settings.isExcluded }),
    meshConfig: await readOne(settings.meshConfig),
    meshNetworks: await readOne(settings.meshNetworks),
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
  { sources, meshConfig, meshNetworks }: Texts,
  { checks, codes, rules, isReasonRequired }: Settings,
): Promise<Inspection> => {
  const { input, documents, problems } = await loadInput(sources, {
    ...(meshConfig && { meshConfig }),
    ...(meshNetworks && { meshNetworks }),
    judgeCertificate: (pem) => judgeCertificate(pem, Date.now()),
  });
  const judged = suppress(runChecks(checks, input), {
    sources,
    documents,
    resources: input.mesh.resources,
    rules,
    isLookedFor: (code) => codes.has(code),
    isReasonRequired,
  });
  return { kept: judged.kept, suppressed: judged.suppressed, problems, unused: judged.problems, documents };
};

import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { applyBaseline, baselineOf } from '../../analysis/baseline.ts';
import type { Finding } from '../../analysis/finding.ts';
import type { Suppressed } from '../../analysis/suppress.ts';
import { Fault } from '../../base/fault.ts';
import { type IsExcluded, wouldFind } from '../../input/find.ts';
import { STDIN } from '../../input/read.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Io } from '../io.ts';
import { inspect, type Texts } from './inspect.ts';
import type { Known } from './known.ts';
import { openRevision, type Revision } from './revision.ts';
import type { Settings } from './settings.ts';

/** A path without links, as git knows its files; what is gone stays as it is. */
const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** The texts that paths name at a revision. */
export const sourcesAt = async (
  revision: Revision,
  paths: readonly string[],
  cwd: string,
  isExcluded?: IsExcluded,
): Promise<readonly SourceText[]> => {
  const isNamed = wouldFind(
    paths.map((path) => real(resolve(cwd, path))),
    cwd,
    isExcluded,
  );
  return textsOf(revision, revision.files.filter(isNamed));
};

const textsOf = async (revision: Revision, files: readonly string[]): Promise<readonly SourceText[]> => {
  const contents = await revision.read(files);
  return files.map((name, at) => ({ name, text: contents[at]?.toString('utf8') ?? '' }));
};

/** The same inputs at a revision; of a mesh configuration or another cluster's file that git does not know, today's. */
const textsAt = async (revision: Revision, settings: Settings, texts: Texts, cwd: string): Promise<Texts> => {
  const known = new Set(revision.files);
  const then = async (source: SourceText | undefined): Promise<SourceText | undefined> => {
    const file = source === undefined ? '' : real(resolve(cwd, source.name));
    return known.has(file) ? (await textsOf(revision, [file]))[0] : source;
  };
  return {
    sources: await sourcesAt(revision, settings.paths, cwd, settings.isExcluded),
    meshConfig: await then(texts.meshConfig),
    meshNetworks: await then(texts.meshNetworks),
    clusters: await Promise.all(
      texts.clusters.map(async ({ name, sources }) => ({
        name,
        sources: (await Promise.all(sources.map(then))).flatMap((source) => source ?? []),
      })),
    ),
    live: texts.live,
  };
};

/**
 * Takes out the findings that the same inputs had at a git revision, counted as a baseline counts them but wherever they
 * stand: moved lines and renamed files bring nothing new, and what a deletion breaks elsewhere is new.
 */
export const newSince = async (
  findings: readonly Finding[],
  name: string,
  context: { readonly settings: Settings; readonly texts: Texts; readonly known: Known; readonly io: Io },
): Promise<{ readonly kept: readonly Finding[]; readonly suppressed: readonly Suppressed[] }> => {
  const { settings, texts, known, io } = context;
  if (settings.paths.includes(STDIN))
    throw new Fault('--since cannot tell what standard input was before', {
      kind: 'usage',
      code: 'CONFLICTING_FLAGS',
      hint: 'name files of the repository, or compare with --baseline',
    });
  const revision = await openRevision(name, io);
  const before = await inspect(await textsAt(revision, settings, texts, io.cwd), settings);
  const anywhere = (): string => '';
  const compared = applyBaseline(findings, baselineOf(known.apply(before.kept).kept, anywhere), anywhere);
  return { kept: compared.kept, suppressed: compared.suppressed.map((one) => ({ ...one, by: 'since' })) };
};

import type { Finding } from '../../../analysis/finding.ts';
import type { Level } from '../../../analysis/messages.ts';
import type { Suppressed } from '../../../analysis/suppress.ts';
import type { Problem } from '../../../base/problem.ts';
import type { SourceText } from '../../../yaml/source-text.ts';
import type { Paint } from '../../output.ts';

/** Everything a format may print of one analysis. */
export interface Report {
  /** At or above the output threshold, worst first. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Suppressed[];
  /** What could not be read, or was read with reservation. */
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceText[];
  /** What was read from a cluster: findings in it have an object for a place, and no file. */
  readonly live: readonly SourceText[];
  /** The line Istio's tools name for a finding: the first of the document where no field is to blame. */
  readonly lineOf: (finding: Finding) => number;
  /** Whether a finding fails the run. */
  readonly isFailure: (finding: Finding) => boolean;
  /** Of heddle. */
  readonly version: string;
}

/** Where a report goes: decides colour and how wide a code frame may be. */
export interface Page {
  readonly paint: Paint;
  readonly columns: number | undefined;
}

/** One format: the whole text, final line feed included. */
export type Format = (report: Report, page: Page) => string | Promise<string>;

/** Answers for a report where a finding stands, `reviews.yaml:12`; undefined for what is in a cluster. */
export const createPlaces = ({ live, lineOf }: Report): ((finding: Finding) => string | undefined) => {
  const running = new Set(live.map(({ name }) => name));
  return (finding) => (running.has(finding.span.file) ? undefined : `${finding.span.file}:${lineOf(finding)}`);
};

const NAMES: Readonly<Record<Level, string>> = { error: 'Error', warning: 'Warning', info: 'Info' };

/** As Istio writes a level: `Error`. */
export const levelName = (level: Level): string => NAMES[level];

/** Istio's page about one of its codes; undefined for heddle's own, whose page `heddle explain` shows. */
export const documentationUrl = (code: string): string | undefined =>
  code.startsWith('IST') ? `https://istio.io/latest/docs/reference/config/analysis/${code.toLowerCase()}/` : undefined;

/** How many findings of each level there are. */
export const countLevels = (findings: readonly Finding[]): Readonly<Record<Level, number>> => {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { level } of findings) counts[level]++;
  return counts;
};

/** A path as code hosts compare it: relative, with slashes. */
export const repositoryPath = (file: string): string => file.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');

/** Findings by the file they stand in, in the order of the findings. */
export const byFile = (findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> => {
  const files = new Map<string, Finding[]>();
  for (const finding of findings) {
    const others = files.get(finding.span.file);
    if (others === undefined) files.set(finding.span.file, [finding]);
    else others.push(finding);
  }
  return files;
};

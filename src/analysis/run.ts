import { spanOf } from '../yaml/located.ts';
import type { AnalysisInput, Check } from './check.ts';
import type { Finding } from './finding.ts';
import type { Level } from './messages.ts';

const RANK: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2 };

/** Whether a level is as bad as the threshold, or worse. */
export const atLeast = (level: Level, threshold: Level): boolean => RANK[level] <= RANK[threshold];

const byPlace = (a: Finding, b: Finding): number =>
  RANK[a.level] - RANK[b.level] ||
  compare(a.code, b.code) ||
  compare(a.origin, b.origin) ||
  compare(a.span.file, b.span.file) ||
  a.span.line - b.span.line ||
  a.span.column - b.span.column ||
  compare(a.message, b.message);

// By code unit: the same order on every machine, whatever its locale.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Worst first, then by code, object and place, whatever order they were found in. */
export const sortFindings = (findings: readonly Finding[]): readonly Finding[] => [...findings].sort(byPlace);

/** Whether an object stands in the input; what controllers would make of it has no text to be blamed. */
const isWritten = ({ resource }: Finding): boolean => resource === undefined || spanOf(resource.object) !== undefined;

// Istio's own list: the cluster's affairs, not the mesh's.
const IGNORED_NAMESPACES = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']);

const isOfTheMesh = ({ resource }: Finding): boolean =>
  resource === undefined || !IGNORED_NAMESPACES.has(resource.kind === 'Namespace' ? resource.name : resource.namespace);

/** Two checks may meet the same mistake, and a check the same one twice; to the reader it is one. */
const isRepeated = (one: Finding, before: Finding | undefined): boolean =>
  before !== undefined && byPlace(before, one) === 0;

/** Runs checks over an input; sorted, and each finding once. */
export const runChecks = (checks: readonly Check[], input: AnalysisInput): readonly Finding[] =>
  sortFindings(
    checks.flatMap((check) => [...check.run(input)]).filter((finding) => isWritten(finding) && isOfTheMesh(finding)),
  ).filter((one, index, sorted) => !isRepeated(one, sorted[index - 1]));

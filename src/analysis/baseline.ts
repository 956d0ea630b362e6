import type { Problem } from '../base/problem.ts';
import { isObject } from '../model/value.ts';
import type { Finding } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Suppressed } from './suppress.ts';

/** How many findings of one file, code and fingerprint are known and not to be reported. */
export interface Baseline {
  readonly counts: ReadonlyMap<string, number>;
}

export const EMPTY_BASELINE: Baseline = { counts: new Map() };

/** A file's name as the baseline knows it: independent of where the command runs. */
export type NameOf = (file: string) => string;

/**
 * Whether a run can tell what became of a code in a file (named as in the baseline): it looked for the code, and the file
 * was read or is gone. Of the rest a baseline is believed.
 */
export type IsSettled = (file: string, code: string) => boolean;

const keyOf = (file: string, code: string, fingerprint: string): string => JSON.stringify([file, code, fingerprint]);

const keyOfFinding = (finding: Finding, nameOf: NameOf): string =>
  keyOf(nameOf(finding.span.file), finding.code, fingerprintOf(finding));

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] | undefined =>
  isObject(value) ? Object.entries(value) : undefined;

/** Reads the parsed JSON of a baseline file: `{kind: "Baseline", files: {FILE: {CODE: {FINGERPRINT: COUNT}}}}`. */
export const readBaseline = (json: unknown): Baseline | undefined => {
  if (!isObject(json) || json['kind'] !== 'Baseline') return undefined;
  const counts = new Map<string, number>();
  for (const [file, codes] of entriesOf(json['files']) ?? []) {
    for (const [code, fingerprints] of entriesOf(codes) ?? []) {
      for (const [fingerprint, count] of entriesOf(fingerprints) ?? []) {
        if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) return undefined;
        counts.set(keyOf(file, code, fingerprint), count);
      }
    }
  }
  return { counts };
};

/** The baseline under which none of the findings would be reported. */
export const baselineOf = (findings: readonly Finding[], nameOf: NameOf): Baseline => {
  const counts = new Map<string, number>();
  for (const found of findings) {
    const key = keyOfFinding(found, nameOf);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { counts };
};

const fieldsOf = (key: string): readonly [file: string, code: string, fingerprint: string] => {
  const [file = '', code = '', fingerprint = '']: readonly string[] = JSON.parse(key);
  return [file, code, fingerprint];
};

/** A baseline after a run: what the run settles is as it found it, the rest as before. */
export const renewBaseline = (before: Baseline, now: Baseline, isSettled: IsSettled): Baseline => {
  const unsettled = [...before.counts].filter(([key]) => {
    const [file, code] = fieldsOf(key);
    return !isSettled(file, code);
  });
  return { counts: new Map([...now.counts, ...unsettled]) };
};

/** The baseline without what the run settles and no longer finds; nothing is added. */
export const pruneBaseline = (before: Baseline, now: Baseline, isSettled: IsSettled): Baseline => {
  const left = [...before.counts].map(([key, count]): [string, number] => {
    const [file, code] = fieldsOf(key);
    return [key, isSettled(file, code) ? Math.min(count, now.counts.get(key) ?? 0) : count];
  });
  return { counts: new Map(left.filter(([, count]) => count > 0)) };
};

/** The text of a baseline file, sorted, so that it changes only where findings do. */
export const printBaseline = ({ counts }: Baseline): string => {
  // Null prototypes: a file may be called __proto__.
  const files: Record<string, Record<string, Record<string, number>>> = Object.create(null);
  for (const [key, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [file, code, fingerprint] = fieldsOf(key);
    files[file] ??= Object.create(null) as Record<string, Record<string, number>>;
    const codes = files[file];
    codes[code] ??= Object.create(null) as Record<string, number>;
    codes[code][fingerprint] = count;
  }
  return `${JSON.stringify({ apiVersion: 'heddle/v1', kind: 'Baseline', files }, null, 2)}\n`;
};

export interface Compared {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly Suppressed[];
  /** One when the baseline knows more than there is. */
  readonly problems: readonly Problem[];
}

/** Takes out what the baseline knows, as often as it knows it; of equal findings the first ones. */
export const applyBaseline = (
  findings: readonly Finding[],
  baseline: Baseline,
  nameOf: NameOf,
  isSettled: IsSettled = () => true,
): Compared => {
  const left = new Map(baseline.counts);
  const kept: Finding[] = [];
  const suppressed: Suppressed[] = [];
  for (const found of findings) {
    const key = keyOfFinding(found, nameOf);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    if (count > 0) suppressed.push({ finding: found, by: 'baseline', reason: undefined });
    else kept.push(found);
  }
  return { kept, suppressed, problems: staleOf(left, isSettled) };
};

/** How many places of a baseline that are gone are named; the rest is counted. */
const MAX_NAMED = 10;

const staleOf = (left: ReadonlyMap<string, number>, isSettled: IsSettled): readonly Problem[] => {
  const gone = new Map<string, number>();
  for (const [key, count] of left) {
    const [file, code] = fieldsOf(key);
    const place = `${file} ${code}`;
    if (count > 0 && isSettled(file, code)) gone.set(place, (gone.get(place) ?? 0) + count);
  }
  const count = [...gone.values()].reduce((sum, one) => sum + one, 0);
  if (count === 0) return [];
  const names = [...gone].map(([place, times]) => (times === 1 ? place : `${place} (${times})`)).sort();
  const more = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : '';
  const message = `${count} ${count === 1 ? 'finding' : 'findings'} of the baseline ${count === 1 ? 'is' : 'are'} gone: ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
  return [{ severity: 'info', code: 'STALE_BASELINE', message, hint: '--prune-baseline drops what is gone' }];
};

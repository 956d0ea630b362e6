import type { Check } from '../../analysis/check.ts';
import type { Level } from '../../analysis/messages.ts';
import { parseSuppression, type SuppressionRule } from '../../analysis/suppress.ts';
import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import type { OptionSpec } from '../command.ts';

const LEVELS: readonly Level[] = ['error', 'warning', 'info'];

const badValue = (message: string, hint?: string): Fault =>
  new Fault(message, { kind: 'usage', code: 'BAD_FLAG_VALUE', ...(hint !== undefined && { hint }) });

/** A level in any case, or undefined. */
export const level = (name: string, summary: string): OptionSpec<Level | undefined> => ({
  flags: `${name} <level>`,
  summary,
  shape: 'value',
  read: (given) => {
    const value = given.at(-1);
    if (value === undefined) return undefined;
    const found = LEVELS.find((one) => one === value.toLowerCase());
    if (found === undefined) throw badValue(`${name} wants Error, Warning or Info, not "${value}"`);
    return found;
  },
});

/** Undefined unless given, so that `--use-kube=false` can be told from nothing. */
export const choice = (flags: string, summary: string): OptionSpec<boolean | undefined> => ({
  flags,
  summary,
  shape: 'switch',
  read: (given) => (given.length === 0 ? undefined : given.at(-1) === 'true'),
});

/** `CODE=PATTERN`, repeatable. */
export const suppressions = (flags: string, summary: string): OptionSpec<readonly SuppressionRule[]> => ({
  flags,
  summary,
  shape: 'values',
  read: (given) =>
    given.map((value) => {
      const rule = parseSuppression(value);
      if (rule === undefined)
        throw badValue(
          `--suppress wants CODE=PATTERN, not "${value}"`,
          'for example: -S "IST0101=VirtualService shop/*"',
        );
      return rule;
    }),
});

/** Where the objects of one more cluster stand. */
export interface ClusterPaths {
  readonly name: string;
  readonly paths: readonly string[];
}

/** `NAME=PATH`, repeatable; paths of one name add up. */
export const clusterPaths = (flags: string, summary: string): OptionSpec<readonly ClusterPaths[]> => ({
  flags,
  summary,
  shape: 'values',
  read: (given) => {
    const byName = new Map<string, string[]>();
    for (const value of given) {
      const [, name, path] = /^([^=]+)=(.+)$/.exec(value) ?? [];
      if (name === undefined || path === undefined)
        throw badValue(`--cluster wants NAME=PATH, not "${value}"`, 'for example: --cluster west=./west');
      byName.set(name, [...(byName.get(name) ?? []), path]);
    }
    return [...byName].map(([name, paths]) => ({ name, paths }));
  },
});

/** The checks of the names given, all of them where there is none; throws for a name that no check has. */
export const selectChecks = (names: readonly string[], checks: readonly Check[]): readonly Check[] => {
  for (const name of names) {
    if (checks.some((check) => check.name === name)) continue;
    const near = suggest(
      name,
      checks.map((check) => check.name),
    );
    throw badValue(
      `there is no analyzer "${name}"`,
      near === undefined
        ? 'heddle analyze --list shows all'
        : `did you mean ${near}? (heddle analyze --list shows all)`,
    );
  }
  return names.length === 0 ? checks : checks.filter((check) => names.includes(check.name));
};

import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';

/** Envoy's log levels, the loudest first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const;

const levelOf = (word: string): string => {
  const level = LOG_LEVELS.find((known) => known === (word === 'warn' ? 'warning' : word));
  if (level !== undefined) return level;
  const near = suggest(word, LOG_LEVELS);
  throw new Fault(`"${word}" is no log level of Envoy: it is one of ${LOG_LEVELS.join(', ')}`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  });
};

/** The levels of `--level` by logger, `http:debug,redis:info`; a level alone is that of every logger, under `level`. */
export const readLevels = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [, logger = 'level', level = ''] = /^(?:(?:.*::)?([^:=]*)[:=])?(.*)$/s.exec(part) ?? [];
        return [logger, levelOf(level)];
      }),
  );

/** The levels by logger in Envoy's answer to `/logging`: a line `  http: warning` for each. */
export const parseLevels = (answer: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...answer.matchAll(/^\s+([\w-]+): (\w+)$/gm)].map(([, logger = '', level = '']) => [logger, level]),
  );

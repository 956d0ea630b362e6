import { escapeControls } from '../../telemetry/access-log.ts';

/** What stands between the parts of a description. */
export const RULE = '--------------------';

/** The place of an object behind its name; nothing where it has none. */
export const at = (source: string | undefined): string => (source === undefined ? '' : `   ${source}`);

/** Lines one step to the right. */
export const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `   ${line}`);

/** Words as a list. */
export const listOf = (words: readonly string[]): string => words.join(', ');

/** Lines as they are printed: names come from a cluster, and may hold anything. */
export const textOf = (lines: readonly string[]): string => lines.map((line) => `${escapeControls(line)}\n`).join('');

import { jsonCompat } from './json.ts';
import { log } from './log.ts';
import { pretty } from './pretty.ts';
import type { Format } from './report.ts';

/** Every format of `analyze -o`; one more is one more file and one more line here. */
export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['pretty', pretty],
  ['log', log],
  ['json-compat', jsonCompat],
]);

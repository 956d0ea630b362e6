import type { Format } from './report.ts';

/** Every format of `analyze -o`, loaded when it is used; one more is one more file and one more line here. */
export const FORMATS: ReadonlyMap<string, () => Promise<Format>> = new Map([
  ['pretty', async () => (await import('./pretty.ts')).pretty],
  ['concise', async () => (await import('./concise.ts')).concise],
  ['log', async () => (await import('./log.ts')).log],
  ['json', async () => (await import('./json.ts')).json],
  ['json-compat', async () => (await import('./json.ts')).jsonCompat],
  ['yaml', async () => (await import('./json.ts')).yaml],
  ['sarif', async () => (await import('./sarif.ts')).sarif],
  ['junit', async () => (await import('./junit.ts')).junit],
  ['github', async () => (await import('./github.ts')).github],
  ['gitlab', async () => (await import('./gitlab.ts')).gitlab],
  ['checkstyle', async () => (await import('./checkstyle.ts')).checkstyle],
  ['markdown', async () => (await import('./markdown.ts')).markdown],
]);

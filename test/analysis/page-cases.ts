/** One case of a check's page: a heading, a block of YAML, and what must be found on which of its lines. */
export interface PageCase {
  readonly title: string;
  readonly yaml: string;
  /** `12 error: IST0101`, sorted. */
  readonly expected: readonly string[];
}

const EXPECTATION = /#(?:.*--)?\s*((?:error|warning|info): [A-Z]+\d+(?:, (?:error|warning|info): [A-Z]+\d+)*)\s*$/;

const expectationsOf = (yaml: string): readonly string[] =>
  yaml
    .split('\n')
    .flatMap((line, at) => (EXPECTATION.exec(line)?.[1]?.split(', ') ?? []).map((words) => `${at + 1} ${words}`))
    .sort();

/** The cases of a page; a heading without a block throws. */
export const casesOf = (page: string): readonly PageCase[] => {
  const [, ...sections] = page.split(/^## Case: /m);
  return sections.map((section) => {
    const title = section.split('\n')[0] ?? '';
    const yaml = /^```yaml\n(.*?)^```$/ms.exec(section)?.[1];
    if (yaml === undefined) throw new Error(`case "${title}" has no yaml block`);
    return { title, yaml, expected: expectationsOf(yaml) };
  });
};

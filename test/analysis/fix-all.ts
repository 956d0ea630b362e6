import { CHECKS } from '../../src/analysis/checks.ts';
import { type FixResult, fixSources, type Judge } from '../../src/analysis/fix.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';

interface Options {
  readonly unsafe: boolean;
  /** Only findings of this code are there to be fixed; all unless given. */
  readonly code?: string;
}

/** Every check on some texts, as an analysis without suppressions judges them. */
export const judgeWith =
  ({ code }: Pick<Options, 'code'>): Judge =>
  async (sources) => {
    const { input, problems } = await loadInput(sources);
    const findings = runChecks(CHECKS, input);
    const hidden = (one: (typeof findings)[number]) =>
      code === undefined || one.code === code ? one : { ...one, fix: undefined };
    return { findings: findings.map(hidden), problems };
  };

export const fixAll = (sources: readonly SourceText[], options: Options): Promise<FixResult> =>
  fixSources(sources, judgeWith(options), options);

/** What becomes of one text. */
export const fixedText = async (text: string, options: Options): Promise<FixResult & { readonly text: string }> => {
  const result = await fixAll([{ name: 'a.yaml', text }], options);
  return { ...result, text: result.sources[0]?.text ?? '' };
};

import { afterAll, describe, expect, it } from 'vitest';
import { helmFunctions } from '../../src/template/functions/helm.ts';
import { sprigFunctions } from '../../src/template/functions/sprig.ts';
import { functionTable } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../src/template/template.ts';
import { fromPlain } from '../../src/template/value.ts';
import { coreFunctions } from './core-functions.ts';
import { type Answer, buildGoOracle, type Question } from './go-oracle.ts';
import { randomCase } from './random-template.ts';

/** Random templates to compare; HEDDLE_TEMPLATE_CASES raises it. */
const COUNT = Number(process.env['HEDDLE_TEMPLATE_CASES'] ?? 2_000);
const BATCH = 5_000;
/** First seed; HEDDLE_TEMPLATE_SEED moves on to other cases. */
const FIRST = Number(process.env['HEDDLE_TEMPLATE_SEED'] ?? 0);

/** Of helm's functions the Go program has these. */
const FROM_HELM = new Set(['toYaml', 'fromYaml']);
const FUNCTIONS = {
  core: coreFunctions,
  sprig: functionTable(
    sprigFunctions({ now: () => 0, localZone: () => 'UTC', random: () => new Uint8Array() }),
    helmFunctions.filter(({ name }) => FROM_HELM.has(name)),
  ),
};

const answerOf = ({ template, data, missingKey, functions }: Question): Answer => {
  const templates = createTemplates('t', { functions: FUNCTIONS[functions], missingKey });
  const refusal = parseTemplate(templates, 't', template);
  if (refusal !== undefined) return { output: '', error: refusal };
  const rendering = render(templates, 't', fromPlain(data));
  return 'error' in rendering ? { output: '', error: rendering.error } : rendering;
};

/** Our stack ends before Go's limit for templates that call themselves: the refusal is worded differently. */
const isSame = (ours: Answer, theirs: Answer | undefined): boolean => {
  if (theirs?.error?.includes('exceeded maximum template depth') === true) return ours.error !== undefined;
  return ours.output === theirs?.output && ours.error === theirs.error;
};

const oracle = buildGoOracle();
const absence = typeof oracle === 'string' ? ` (skipped: ${oracle})` : '';

describe.skipIf(absence !== '')(`random templates against Go's text/template${absence}`, () => {
  afterAll(() => (typeof oracle === 'string' ? undefined : oracle.remove()));

  it.each(['core', 'sprig'] as const)(
    'give the same output or the same error: %s',
    { timeout: 60_000 + COUNT * 10 },
    (functions) => {
      if (typeof oracle === 'string') throw new Error(oracle);
      const different: unknown[] = [];
      for (let from = FIRST; from < FIRST + COUNT; from += BATCH) {
        const size = Math.min(BATCH, FIRST + COUNT - from);
        const questions = Array.from(
          { length: size },
          (_, index): Question => ({ ...randomCase(from + index, functions), functions }),
        );
        const expected = oracle.ask(questions);
        questions.forEach((question, index) => {
          const ours = answerOf(question);
          const theirs = expected[index];
          if (!isSame(ours, theirs)) {
            different.push({ seed: from + index, ...question, ours, theirs });
          }
        });
      }
      expect(different.slice(0, 5), `${different.length} of ${COUNT} differ`).toEqual([]);
    },
  );
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contradictions, type Observed } from './compare.ts';
import { compileCase, predict } from './predict.ts';

const corpus = resolve(import.meta.dirname, '../../../shared/corpus/routing');
const cases = existsSync(corpus) ? readdirSync(corpus).filter((name) => /^\d/.test(name)) : [];

/** Answered by Envoy's HTTP/1 codec, before any decision of this room. */
const isCodecMatter = ({ request }: Observed, name: string): boolean =>
  name.startsWith('234-') || (request.method !== undefined && request.method !== request.method.toUpperCase());

/** What was recorded and what the compiled tables say about the same requests, without a socket. */
describe.skipIf(cases.length === 0)('the tables of recorded meshes', () => {
  const judged = new Map<string, number>();

  it.each(cases)('%s', async (name) => {
    const compiled = await compileCase(join(corpus, name));
    // A kind without effect decided those recordings; each is warned about, which other tests pin down.
    if (compiled.problems.some(({ code }) => code === 'UNSUPPORTED_KIND')) return;
    // Tokens need keys and a clock: the replay over sockets has them.
    if ([...compiled.proxies.values()].some(({ tokens }) => tokens !== undefined)) return;
    // Tokens need keys and a clock, which the replay over sockets has.
    if ([...compiled.proxies.values()].some(({ tokens }) => tokens !== undefined)) return;
    // Nor is an authorizer asked.
    if ([...compiled.proxies.values()].some(({ authorization }) => authorization?.http.check !== undefined)) return;
    const { results } = JSON.parse(readFileSync(join(corpus, name, 'observed.json'), 'utf8')) as {
      readonly results: readonly Observed[];
    };
    for (const observed of results) {
      const prediction = isCodecMatter(observed, name) ? undefined : predict(compiled, observed.request);
      if (prediction === undefined) continue;
      judged.set(name, (judged.get(name) ?? 0) + 1);
      expect(contradictions(prediction, observed), JSON.stringify(observed.request)).toEqual([]);
    }
  });

  it('judges most of the recordings', () => {
    const requests = [...judged.values()].reduce((total, count) => total + count, 0);
    expect(judged.size).toBeGreaterThanOrEqual(100);
    expect(requests).toBeGreaterThanOrEqual(400);
  });
});

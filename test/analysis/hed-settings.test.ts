import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/analysis/checks.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import type { SourceText } from '../../src/yaml/source-text.ts';

// What the checks of settings that never act say of configurations whose answers by real proxies are recorded, and of
// Istio's own samples: that they are right where they speak, and that they speak nowhere else.
const corpus = resolve(import.meta.dirname, '../../../shared/corpus');
const routing = join(corpus, 'routing');
const samples = join(corpus, 'samples');

const OWN = /^HED00[4-8]/;
const own = CHECKS.filter(({ emits }) => emits.some((code) => OWN.test(code)));

const codesOf = async (sources: readonly SourceText[]): Promise<readonly string[]> =>
  runChecks(own, (await loadInput(sources)).input)
    .map(({ code }) => code)
    .filter((code) => OWN.test(code));

/** By case: what a proxy did there that the findings tell. */
const SURE: Readonly<Record<string, readonly string[]>> = {
  // `attempts: 3` did not repeat a 503.
  '073-retry-attempts-3-default-on': ['HED0042'],
  // A fault without percentage delayed nothing, and a delay of 1.5 s was not cut by a timeout of 0.5 s.
  '092-fault-delay': ['HED0040', 'HED0041'],
  '115-webhook-rejections': ['HED0040'],
  // The port of the Service matched nothing.
  '134-authz-ports-service-port-not-target': ['HED0066'],
  // A principal with two stars matched nobody.
  '136-authz-principals-wildcards': ['HED0061'],
  // Requests without token passed.
  '167-jwt-only-request-authentication': ['HED0070'],
  '174-jwt-not-forwarded-by-default': ['HED0070'],
  '175-jwt-audiences': ['HED0070'],
  '177-jwt-two-policies-same-workload': ['HED0070', 'HED0070'],
  // 503 for every request.
  '185-peerauth-strict-dr-disable': ['HED0057'],
  // The TCP port was closed.
  '320-authz-tcp-allow-http-field': ['HED0063'],
  '322-authz-tcp-deny-http-field': ['HED0064'],
  '323-authz-tcp-deny-http-field-and-port': ['HED0064'],
};

describe.skipIf(!existsSync(routing))('configurations with recorded answers', () => {
  it('get the findings that the answers prove, and no others', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const name of readdirSync(routing)) {
      const path = join(routing, name, 'config.yaml');
      if (!existsSync(path)) continue;
      const codes = await codesOf([{ name: relative(corpus, path), text: readFileSync(path, 'utf8') }]);
      if (codes.length > 0) found[name] = [...codes].sort();
    }
    expect(found).toEqual(SURE);
  });
});

describe.skipIf(!existsSync(samples))("Istio's samples", () => {
  it('have no setting that never acts', async () => {
    const files = readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const codes = await codesOf([{ name: file, text: readFileSync(join(samples, file), 'utf8') }]);
      expect(codes, file).toEqual([]);
    }
  });
});

import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runGoProgram } from '../../../src/model/schema/generator/go-program.ts';
import type { GoStructs } from '../../../src/model/typed/descriptor.ts';
import { decodeGo } from '../../../src/model/typed/go-decode.ts';
import { loadGoStructs } from '../../../src/model/typed/load.ts';
import { arbitraryOf } from './arbitrary-object.ts';
import { hasGo } from './has-go.ts';

let structs: GoStructs;
beforeAll(async () => {
  structs = await loadGoStructs();
});

const pod = (spec: unknown): unknown => decodeGo(structs, 'core/v1.Pod', { spec }, 'yaml').value;

describe('an object read and written as Go does', () => {
  it('loses unknown fields and empty ones, and gains those that Go always writes', () => {
    const { value, misfits } = decodeGo(
      structs,
      'apps/v1.Deployment',
      { kind: 'Deployment', extra: 1, spec: { paused: false, template: { spec: { containers: [{ name: 'a' }] } } } },
      'yaml',
    );
    expect(misfits).toEqual([]);
    expect(value).toEqual({
      kind: 'Deployment',
      metadata: {},
      spec: {
        selector: null,
        strategy: {},
        template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } },
      },
      status: {},
    });
  });

  it('has quantities in canonical form', () => {
    const limits = { cpu: '2000m', memory: '1024Mi', 'ephemeral-storage': 0.5, 'a/b': null };
    expect(pod({ containers: [{ resources: { limits } }] })).toMatchObject({
      spec: {
        containers: [{ resources: { limits: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '500m', 'a/b': '0' } } }],
      },
    });
  });

  it('matches keys in any case and makes text of YAML numbers', () => {
    expect(pod({ Containers: [{ NAME: 1, env: [{ name: 'A', value: true }] }] })).toMatchObject({
      spec: { containers: [{ name: '1', env: [{ name: 'A', value: 'true' }] }] },
    });
  });

  it('writes times as whole seconds of UTC and keeps what is any JSON', () => {
    const metadata = { creationTimestamp: '2024-02-29T23:30:00.5-01:00', managedFields: [{ fieldsV1: { 'f:a': {} } }] };
    expect(decodeGo(structs, 'core/v1.Pod', { metadata }, 'json').value).toMatchObject({
      metadata: { creationTimestamp: '2024-03-01T00:30:00Z', managedFields: [{ fieldsV1: { 'f:a': {} } }] },
    });
  });

  it('says where a value does not fit', () => {
    const spec = {
      hostNetwork: 'yes',
      containers: [{ ports: [{ containerPort: 'http' }], resources: { limits: { cpu: 'x' } } }],
    };
    expect(decodeGo(structs, 'core/v1.Pod', { spec }, 'yaml').misfits).toEqual([
      {
        path: ['spec', 'containers', 0, 'ports', 0, 'containerPort'],
        message: 'must be a whole number of 32 bits, not "http"',
      },
      {
        path: ['spec', 'containers', 0, 'resources', 'limits', 'cpu'],
        message: 'must be a quantity such as "100m" or "64Mi", not "x"',
      },
      { path: ['spec', 'hostNetwork'], message: 'must be true or false, not "yes"' },
    ]);
    expect(decodeGo(structs, 'core/v1.Pod', { spec: { nodeName: 1 } }, 'json').misfits).toHaveLength(1);
  });
});

describe.skipIf(!hasGo)('objects at random', () => {
  it('come out as Go writes them, and are refused where Go refuses them', { timeout: 300_000 }, () => {
    const roots = [
      'core/v1.Pod',
      'apps/v1.Deployment',
      'apps/v1.StatefulSet',
      'apps/v1.DaemonSet',
      'batch/v1.CronJob',
      'openshift/apps/v1.DeploymentConfig',
    ];
    const cases = roots.flatMap((type) =>
      fc
        .sample(arbitraryOf(structs, type, 'loose'), { numRuns: 300, seed: 7 })
        .flatMap((value) =>
          (['yaml', 'json'] as const).map((from) => ({ type, value, from, text: JSON.stringify(value) })),
        ),
    );
    const input = cases.map(({ type, from, text }) => JSON.stringify({ type, from, text })).join('\n');
    const answers = runGoProgram(fileURLToPath(new URL('round-trip.go', import.meta.url)), input)
      .trim()
      .split('\n');
    expect(answers).toHaveLength(cases.length);
    expect(answers.filter((answer) => answer !== '!').length).toBeGreaterThan(cases.length / 3);
    for (const [index, { type, value, from }] of cases.entries()) {
      const ours = decodeGo(structs, type, value, from);
      const answer = answers[index] ?? '';
      if (answer === '!') expect(ours.misfits, JSON.stringify({ from, value })).not.toEqual([]);
      else
        expect([JSON.stringify(ours.value), ours.misfits], JSON.stringify({ from, value })).toEqual([
          JSON.stringify(JSON.parse(answer)),
          [],
        ]);
    }
  });
});

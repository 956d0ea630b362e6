import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runGoProgram } from '../../../src/model/schema/generator/go-program.ts';
import type { MeshProto, ProtoSet } from '../../../src/model/typed/descriptor.ts';
import { printGoJson } from '../../../src/model/typed/go-json.ts';
import { loadMeshProto, loadValuesProto } from '../../../src/model/typed/load.ts';
import { decodeMessage } from '../../../src/model/typed/proto-decode.ts';
import {
  defaultProxyConfig,
  mergeProxyConfig,
  PROXY_CONFIG,
  withoutDefaults,
} from '../../../src/model/typed/proxy-config.ts';
import type { Plain } from '../../../src/yaml/plain.ts';
import { arbitraryMessage } from './arbitrary-message.ts';
import { hasGo } from './has-go.ts';

const recorded = resolve(import.meta.dirname, '../../../../shared/corpus/inject/unit/unit-TestCleanProxyConfig.jsonl');

let mesh: MeshProto;
let values: ProtoSet;
beforeAll(async () => {
  [mesh, values] = await Promise.all([loadMeshProto(), loadValuesProto()]);
});

const proxy = (value: unknown) => decodeMessage(mesh, PROXY_CONFIG, value);

describe('a message', () => {
  it('is read from snake case and camel case into the order of its declaration', () => {
    const { value, misfits } = proxy({
      drain_duration: '1m0.5s',
      interceptionMode: 1,
      configPath: '/c',
      statusPort: '15',
    });
    expect(misfits).toEqual([]);
    expect(JSON.stringify(value)).toBe(
      '{"configPath":"/c","drainDuration":"60.500s","interceptionMode":"TPROXY","statusPort":15}',
    );
  });

  it('has no field with its default, except wrappers and oneofs that are set', () => {
    expect(
      proxy({ statusPort: 0, concurrency: 0, interceptionMode: 'REDIRECT', serviceCluster: '', proxyMetadata: {} })
        .value,
    ).toEqual({
      concurrency: 0,
      serviceCluster: '',
    });
  });

  it('keeps one field of a oneof', () => {
    expect(proxy({ serviceCluster: 'a', tracingServiceName: 'CANONICAL_NAME_ONLY' }).value).toEqual({
      tracingServiceName: 'CANONICAL_NAME_ONLY',
    });
  });

  it('names the path of what does not fit', () => {
    const { misfits } = proxy({
      statusport: 1,
      tracing: { zipkin: { address: 1 } },
      drainDuration: 5,
      concurrency: 'x',
    });
    expect(misfits).toEqual([
      { path: ['drainDuration'], message: 'must be a duration such as "10s", not 5' },
      { path: ['concurrency'], message: 'must be a whole number of 32 bits, not "x"' },
      { path: ['tracing', 'zipkin', 'address'], message: 'must be text, not 1' },
      { path: ['statusport'], message: `unknown field "statusport" in ${PROXY_CONFIG}; did you mean "statusPort"?` },
    ]);
  });

  it('is Istio’s default mesh configuration in the form it is given', () => {
    const decoded = decodeMessage(mesh, 'istio.mesh.v1alpha1.MeshConfig', mesh.defaultMeshConfig);
    expect(decoded.misfits).toEqual([]);
    expect(JSON.stringify(decoded.value)).toBe(JSON.stringify(mesh.defaultMeshConfig));
  });
});

describe('a proxy configuration', () => {
  it('unites metadata, keeps headers and replaces other messages as wholes', () => {
    const config = proxy({
      proxyMetadata: { a: '1', b: '1' },
      proxyHeaders: { server: { disabled: true }, setCurrentClientCertDetails: { uri: true } },
      tracing: { sampling: 5, zipkin: { address: 'z:1' } },
    }).value;
    const value = {
      proxyMetadata: { b: '2', c: '3' },
      proxyHeaders: { requestId: {} },
      tracing: { sampling: 9 },
      nope: 1,
    };
    const merged = mergeProxyConfig(mesh, config, value);
    expect(merged).toEqual({
      misfits: [],
      value: {
        tracing: { sampling: 9 },
        proxyMetadata: { a: '1', b: '2', c: '3' },
        proxyHeaders: { requestId: {}, server: { disabled: true } },
      },
    });
  });

  it('can take a default back', () => {
    expect(mergeProxyConfig(mesh, { statusPort: 15020 }, { statusPort: 0 }).value).toEqual({});
  });
});

describe.skipIf(!existsSync(recorded))('recorded proxy configurations', () => {
  it('are told to pods without what equals the defaults', () => {
    const cases = readFileSync(recorded, 'utf8').trim().split('\n');
    for (const line of cases) {
      const {
        name,
        proxy: config,
        expect: expected,
      } = JSON.parse(line) as { name: string; proxy: Plain; expect: string };
      expect(printGoJson(withoutDefaults(mesh, proxy(config).value)), name).toBe(expected);
    }
  });
});

describe.skipIf(!hasGo)('messages at random', () => {
  it('come out as Istio prints them, and are refused where it refuses them', { timeout: 300_000 }, () => {
    const roots = [
      'mesh.v1alpha1.ProxyConfig',
      'mesh.v1alpha1.MeshConfig',
      'mesh.v1alpha1.MeshNetworks',
      'operator.v1alpha1.Values',
    ];
    const cases = roots.flatMap((root) => {
      const message = `istio.${root}`;
      const set = root.startsWith('mesh') ? mesh : values;
      return fc
        .sample(arbitraryMessage(set, message), { numRuns: 1500, seed: 5 })
        .map((value) => ({ message, set, value }));
    });
    const input = cases.map(({ message, value }) => JSON.stringify({ message, value })).join('\n');
    const answers = runGoProgram(fileURLToPath(new URL('proto-decode.go', import.meta.url)), input)
      .trim()
      .split('\n');
    expect(answers).toHaveLength(cases.length);
    expect(answers.filter((answer) => answer !== '!').length).toBeGreaterThan(cases.length / 3);
    for (const [index, { message, set, value }] of cases.entries()) {
      const ours =
        message === PROXY_CONFIG
          ? mergeProxyConfig(mesh, defaultProxyConfig(mesh), value)
          : decodeMessage(set, message, value);
      const text = ours.misfits.length > 0 ? '!' : printGoJson(ours.value);
      expect(text, JSON.stringify({ message, value, misfits: ours.misfits })).toBe(answers[index]);
    }
  });
});

describe('Helm values', () => {
  const check = (value: unknown) => decodeMessage(values, 'istio.operator.v1alpha1.Values', value).misfits;

  it('may hold what the charts know', () => {
    expect(check({ global: { proxy: { resources: { limits: { cpu: '1' } } } }, pilot: { env: { A: 'b' } } })).toEqual(
      [],
    );
  });

  it('are refused with the path of an unknown key and of a value of the wrong type', () => {
    expect(check({ global: { proxy: { excludeOutboundPorts: 25 } }, pilot: { autoscaleEnable: true } })).toEqual([
      {
        path: ['global', 'proxy', 'excludeOutboundPorts'],
        message: 'must be text, not 25',
      },
      {
        path: ['pilot', 'autoscaleEnable'],
        message:
          'unknown field "autoscaleEnable" in istio.operator.v1alpha1.PilotConfig; did you mean "autoscaleEnabled"?',
      },
    ]);
  });
});

describe('JSON as Go prints it', () => {
  it('escapes what HTML would read', () => {
    expect(printGoJson({ a: '<&>\u2028"', b: [1.5, null, 10n] })).toBe(
      '{"a":"\\u003c\\u0026\\u003e\\u2028\\"","b":[1.5,null,10]}',
    );
  });
});

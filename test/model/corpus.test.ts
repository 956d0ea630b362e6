import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildMesh } from '../../src/model/mesh.ts';
import { derivePods } from '../../src/model/pods.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const corpus = new URL('../../../shared/corpus/', import.meta.url);
const routing = new URL('routing/', corpus);
const validate = new URL('validate/', corpus);

const files = (folder: URL): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

const build = async (url: URL) => {
  const loaded = loadYaml({ name: url.pathname.split('/').pop() ?? '', text: readFileSync(url, 'utf8') });
  const { mesh, problems } = await buildMesh(loaded.documents);
  return { mesh, problems: [...loaded.problems, ...problems] };
};

interface Observed {
  readonly pods: readonly { readonly pod: string; readonly proxy?: 'sidecar' | 'gateway' }[];
  readonly rejected?: readonly string[];
}

describe.skipIf(!existsSync(routing))('configurations that a real mesh was recorded with', () => {
  const cases = files(routing).filter((name) => existsSync(new URL(`${name}/observed.json`, routing)));
  const observedOf = (name: string) =>
    JSON.parse(readFileSync(new URL(`${name}/observed.json`, routing), 'utf8')) as Observed;

  test('have the pods and proxies that ran, and nothing is refused that the API server admitted', async () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const name of cases) {
      const { mesh, problems } = await build(new URL(`${name}/config.yaml`, routing));
      const { pods } = derivePods(mesh);
      const observed = observedOf(name);
      expect([name, ...pods.map((pod) => `${pod.namespace}/${pod.name} ${pod.proxyMode}`)]).toEqual([
        name,
        ...observed.pods.map(({ pod, proxy }) => `${pod} ${proxy ?? 'none'}`),
      ]);
      const refused = (observed.rejected ?? []).map((line) =>
        /^[\w-]+: (\w+)\/([^:]+):/.exec(line)?.slice(1).join('/'),
      );
      const errors = problems.filter(({ severity }) => severity === 'error');
      const unexpected = errors.filter(({ resource }) => !refused.includes(resource?.replace(' default/', '/')));
      expect([name, unexpected]).toEqual([name, []]);
    }
  });

  test('lose exactly the objects whose structure the API server refused', async () => {
    const { problems } = await build(new URL('115-webhook-rejections/config.yaml', routing));
    expect(problems.map(({ code, resource }) => `${code} ${resource}`)).toEqual([
      'BAD_VALUE VirtualService default/r15',
      'CONFLICTING_FIELDS DestinationRule default/d1',
      'MISSING_FIELD RequestAuthentication default/j3',
      'MISSING_FIELD Gateway default/g1',
    ]);
  });
});

interface Verdict {
  readonly crdValid?: boolean;
  readonly crdErrors: readonly string[];
}

/** Strict reading refuses these where the recorded verdict, of the CRD schema alone, did not look. */
const STRICTER: ReadonlySet<string> = new Set([
  '158-vs-duplicate-key',
  '277-gw-bad-name',
  '521-k8s-deployment-app-version',
]);

describe.skipIf(!existsSync(validate))('verdicts of the CRD schemas', () => {
  const cases = files(validate).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []));

  test('are repeated, except where only a CEL rule refuses', async () => {
    let compared = 0;
    for (const name of cases) {
      const verdict = JSON.parse(readFileSync(new URL(`${name}.json`, validate), 'utf8')) as Verdict;
      if (verdict.crdValid === undefined || STRICTER.has(name)) continue;
      const { problems } = await build(new URL(`${name}.yaml`, validate));
      const isSound = !problems.some(({ severity }) => severity === 'error');
      if (verdict.crdValid) expect([name, isSound]).toEqual([name, true]);
      // The server evaluates CEL only on objects whose structure is sound, and words such failures "Invalid value".
      else if (!verdict.crdErrors.some((error) => error.includes('Invalid value')))
        expect([name, isSound]).toEqual([name, false]);
      compared++;
    }
    expect(compared).toBeGreaterThan(300);
  });
});

import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadChart } from '../../src/install/chart/chart.ts';
import { renderChart } from '../../src/install/chart/render.ts';
import { createPlain } from '../../src/yaml/plain.ts';
import { STILL, treeOf } from '../install/tree.ts';
import { createWorkspace } from '../support/workspace.ts';

const TREE = {
  'm/profiles/default.yaml': 'spec: {components: {base: {enabled: true}}}\n',
  'm/charts/base/Chart.yaml': 'apiVersion: v2\nname: base\nversion: 1.0.0\n',
};

describe('heddle manifest generate', () => {
  it('gives charts functions that make keys', async () => {
    const workspace = createWorkspace({
      ...TREE,
      'm/charts/base/templates/key.yaml': [
        'apiVersion: v1',
        'kind: Secret',
        'metadata: {name: key}',
        'stringData: {key: {{ genPrivateKey "ecdsa" | quote }}}',
        '',
      ].join('\n'),
    });
    const { code, stdout, stderr } = await workspace.run('manifest generate -d m --component base -o json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [secret] = JSON.parse(stdout).items;
    expect(createPrivateKey(secret.stringData.key).asymmetricKeyType).toBe('ec');
  });
});

describe('a mesh configuration that istiod refuses', () => {
  const operator = (mesh: string) => `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  ${mesh}\n`;

  it.each([
    ['meshConfig: {trustDomain: a_b}', '', 'f.yaml:4:16'],
    ['meshConfig: {defaultConfig: {statusPort: 99999}}', '', 'f.yaml:4:32'],
    ['meshConfig: {defaultConfig: {tracing: {zipkin: {}}}}', '', 'f.yaml:4:42'],
    ['meshConfig: {connectTimeout: 2h}', '', 'f.yaml:4:16'],
    ['values: {meshConfig: {trustDomain: a_b}}', '', 'f.yaml:4:25'],
    ['hub: a', ' --set meshConfig.trustDomain=a_b', 'in --set meshConfig.trustDomain=a_b'],
  ])('is refused where it was written: %s%s', async (mesh, set, place) => {
    const workspace = createWorkspace({ 'f.yaml': operator(mesh) });
    const line = `manifest generate --component base -f f.yaml${set}`;
    const { code, stdout, stderr } = await workspace.run(line);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(place);
    expect((await workspace.run(`${line} --force`)).code).toBe(0);
  });

  it('is refused in the file that kube-inject reads', async () => {
    const workspace = createWorkspace({
      'mesh.yaml': 'trustDomain: example.org\ndefaultConfig:\n  discoveryAddress: istiod\n',
      'pod.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n',
    });
    const run = () => workspace.run('kube-inject -f pod.yaml --meshConfigFile mesh.yaml');
    const { code, stderr } = await run();
    expect(code).toBe(65);
    expect(stderr).toContain('mesh.yaml:3:3: defaultConfig.discoveryAddress must be an address');
    workspace.write('mesh.yaml', 'trustDomain: example.org\n');
    expect((await run()).code).toBe(0);
  });
});

describe('heddle manifest charts', () => {
  it('writes charts that need nothing beside them, and never over others', async () => {
    const workspace = createWorkspace();
    const { code, stdout } = await workspace.run('manifest charts out/charts');
    expect(code).toBe(0);
    const paths = stdout.trimEnd().split('\n');
    expect(paths.toSorted()).toEqual(
      ['base', 'cni', 'gateway', 'istiod', 'ztunnel'].map((name) => `out/charts/${name}`),
    );
    for (const path of paths) {
      const { chart, problems } = loadChart(treeOf(join(workspace.directory, path)), '');
      expect(problems).toEqual([]);
      if (chart === undefined) throw new Error(`${path} is no chart`);
      const release = { name: 'rel', namespace: 'istio-system' };
      const { outputs, problems: failures } = renderChart(chart, createPlain(), release, STILL);
      expect(failures).toEqual([]);
      expect([...outputs.values()].join('')).toContain('app.kubernetes.io/part-of: istio');
    }
    expect(await workspace.run('manifest charts out/charts')).toMatchObject({ code: 73, stdout: '' });
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubeInject } from '../../src/cli/commands/kube-inject.ts';
import { findManifests } from '../install/go-oracle.ts';
import { runCli } from '../support/cli.ts';
import { createWorkspace } from '../support/workspace.ts';

const OPERATOR = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig: {defaultConfig: {statusPort: 15999}}
  values: {global: {hub: example.org, tag: mine}}
`;
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n';

describe('kube-inject --operatorFileName', () => {
  it('takes mesh configuration and values from an IstioOperator, over those of other files', async () => {
    const workspace = createWorkspace({
      'iop.yaml': OPERATOR,
      'pod.yaml': POD,
      'mesh.yaml': 'defaultConfig: {statusPort: 15888}\n',
      'values.yaml': 'global: {tag: other}\n',
    });
    const files = '--operatorFileName iop.yaml --meshConfigFile mesh.yaml --valuesFile values.yaml';
    const { code, stdout, stderr } = await workspace.run(`kube-inject -f pod.yaml ${files}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('image: example.org/proxyv2:mine');
    expect(stdout).toContain('15999');
    expect(stdout).not.toContain('15888');
  });

  it('says where the IstioOperator is wrong', async () => {
    const workspace = createWorkspace({ 'pod.yaml': POD, 'iop.yaml': OPERATOR.replace('15999', '99999') });
    const run = () => workspace.run('kube-inject -f pod.yaml --operatorFileName iop.yaml');
    expect(await run()).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('iop.yaml:4:32: defaultConfig.statusPort must be a port'),
    });
    workspace.write('iop.yaml', OPERATOR.replace('spec:', 'spec:\n  profile: nope'));
    expect(await run()).toMatchObject({ code: 65, stderr: expect.stringContaining('iop.yaml:4:') });
  });

  const manifests = findManifests();
  it.skipIf('absent' in manifests)("writes the bytes that Istio's own tests expect", async () => {
    const root = 'path' in manifests ? resolve(manifests.path, '../istioctl/pkg/kubeinject/testdata') : '';
    const argv = ['kube-inject', '--operatorFileName', join(root, 'istio-operator.yaml')];
    for (const config of ['inject-config-iop.yaml', 'inject-config-inline-iop.yaml']) {
      const files = ['--injectConfigFile', join(root, config), '-f', join(root, 'deployment/hello.yaml')];
      const { code, stdout } = await runCli([...argv, ...files, '--valuesFile', join(root, 'inject-values.yaml')]);
      expect(code).toBe(0);
      expect(stdout).toBe(readFileSync(join(root, 'deployment/hello.yaml.iop.injected'), 'utf8'));
    }
  });
});

describe('kube-inject --injection-path', () => {
  it('names cluster and network before the values do, and after the label of the pod', async () => {
    const workspace = createWorkspace({
      'pod.yaml': POD,
      'other.yaml': POD.replace('{name: a}', '{name: a, labels: {topology.istio.io/network: n2}}'),
      'values.yaml': 'global: {multiCluster: {clusterName: c0}, network: n0, proxy: {}}\n',
      'template.yaml': 'spec: {containers: [{name: istio-proxy, image: a}]}\n',
    });
    const flags =
      '--injectConfigFile template.yaml --valuesFile values.yaml --injection-path /inject/cluster/c1/net/n1/x/y';
    const { stdout } = await workspace.run(`kube-inject -f pod.yaml -f other.yaml ${flags}`);
    const pods = stdout.split('---').filter((text) => text.includes('kind: Pod'));
    const [first = '', second = ''] = pods;
    for (const pair of [
      'ISTIO_META_CLUSTER_ID\n      value: c1',
      'ISTIO_META_NETWORK\n      value: n1',
      'X\n      value: "y"',
    ])
      expect(first).toContain(`name: ${pair}`);
    expect(first).toContain('topology.istio.io/network: n1');
    expect(second).toContain('name: ISTIO_META_NETWORK\n      value: n2');
  });
});

describe('flags of istioctl kube-inject', () => {
  it.each(['--xds-address=a', '--meshConfigMapName b', '-c d', '--vklog=9'])(
    '%s is refused with a way out',
    async (flag) => {
      const { code, stdout, stderr } = await runCli(['kube-inject', '-f', '-', ...flag.split(' ')]);
      expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
      expect(stderr).toContain(`has no ${flag.split(/[= ]/)[0]}: it asks no cluster`);
      expect(stderr).toContain('--meshConfigFile');
    },
  );

  const help = resolve(import.meta.dirname, '../../../shared/corpus/cluster/help/kube-inject.txt');
  it.skipIf(!existsSync(help))('all of its help have an effect or are refused by name', () => {
    const theirs = readFileSync(help, 'utf8').matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm);
    const ours = Object.values(kubeInject.options).flatMap(({ flags }) => flags.match(/--[\w-]+/g) ?? []);
    const known = new Set([...ours, ...(kubeInject.absentFlags?.flags ?? []), '--help', '--output']);
    expect([...theirs].map(([, name = '']) => name).filter((name) => !known.has(name))).toEqual([]);
  });
});

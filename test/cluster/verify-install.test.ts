import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api-server.ts';
import { runWorkloads } from './workload-controller.ts';

// Charts are rendered and applied in every test.
vi.setConfig({ testTimeout: 60_000 });

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ gitVersion: 'v1.34.1' });
});
afterEach(() => api.close());

const SMALL = '--set profile=empty --set components.pilot.enabled=true';
const ISTIOD = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'istio-system', name: 'istiod' };

const heddle = (line: string): Promise<CliResult> => runCli([...line.split(' '), '--kubeconfig', api.kubeconfig]);

const istiod = (): KubernetesObject => {
  const found = api.store.get(ISTIOD);
  if (found === undefined) throw new Error('istiod is not installed');
  return found;
};

describe('verify-install', () => {
  it('says that an installation is as its settings say, and what is not', async () => {
    runWorkloads(api);
    await heddle(`install -y ${SMALL}`);
    const before = api.requests.length;
    const { code, stdout, stderr } = await heddle(`verify-install ${SMALL}`);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^✔ \d+ objects are as the settings say, and ready\n$/);
    const written = api.requests
      .slice(before)
      .filter(({ verb, query }) => ['patch', 'update', 'delete'].includes(verb) && !query.has('dryRun'));
    expect(written).toEqual([]);

    // As somebody does with kubectl set image.
    api.store.put(JSON.parse(JSON.stringify(istiod()).replaceAll('/pilot:', '/copilot:')));
    api.store.remove({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'istio-system', name: 'istio' });
    const drifted = await heddle(`verify-install ${SMALL}`);
    expect(drifted.code).toBe(81);
    expect(drifted.stdout).toContain('✘ ConfigMap istio-system/istio: missing');
    expect(drifted.stdout).toMatch(
      /✘ Deployment istio-system\/istiod: changed\n +spec\.template\S+image\n +- "\S+copilot:/,
    );
    expect(drifted.stdout).toMatch(/2 of \d+ objects are not as installed/);
    const json = JSON.parse((await heddle(`verify-install ${SMALL} -o json`)).stdout);
    expect(json).toMatchObject({ kind: 'InstallVerification', isCompared: true, summary: { wrong: 2 } });
    expect(json.items.find((item: { readonly name: string }) => item.name === 'istio').state).toBe('missing');
  });

  it('looks without settings whether what is installed works, of one revision or all', async () => {
    let isWorking = true;
    runWorkloads(api, () => isWorking);
    const nothing = await heddle('verify-install');
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('nothing of Istio is installed')]);
    await heddle(`install -y ${SMALL}`);
    expect((await heddle('verify-install')).stdout).toMatch(/^✔ \d+ objects are ready/);
    isWorking = false;
    api.store.put({ ...istiod(), status: { observedGeneration: 9, updatedReplicas: 1 } });
    const broken = await heddle('verify-install -r default');
    expect([broken.code, broken.stdout]).toEqual([79, expect.stringContaining('istiod: not ready: 0 of 1 pods ready')]);
    expect((await heddle('verify-install -r canary')).stderr).toContain('as revision "canary"');
  });

  it('ends with the code of what is in the way', async () => {
    expect((await heddle('verify-install --set profile=nope')).code).toBe(1);
    expect((await heddle('verify-install -f /nonexistent.yaml')).code).toBe(64);
    api.forbid({ resource: 'deployments' });
    expect((await heddle('verify-install')).code).toBe(77);
    api.fault({ path: /^\/version/ }, { hang: true });
    expect((await heddle(`verify-install ${SMALL} --kubeclient-timeout 200ms`)).code).toBe(75);
  });
});

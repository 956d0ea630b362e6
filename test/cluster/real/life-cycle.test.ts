import { describe, expect, it } from 'vitest';
import { run, succeed } from '../harness/heddle.ts';
import { installedObjects, type Listed, listEverything } from '../harness/inventory.ts';
import type { TestKubernetes } from '../harness/kubernetes.ts';
import { waitFor } from '../harness/program.ts';
import { onKubernetes } from '../harness/suite.ts';

const SETTINGS = '--set meshConfig.accessLogFile=/dev/stdout --set values.pilot.traceSampling=7';
const WITHOUT_GATEWAY =
  '--set components.ingressGateways.[0].name=istio-ingressgateway --set components.ingressGateways.[0].enabled=false';

/** What somebody else has on the cluster, beside the mesh and in its namespace, with names and labels much like it. */
const FOREIGN = [
  ['/api/v1/namespaces/istio-system/configmaps/istio-notes', 'v1', 'ConfigMap', { app: 'istiod' }],
  [
    '/api/v1/namespaces/istio-system/serviceaccounts/istio-ingress',
    'v1',
    'ServiceAccount',
    { istio: 'ingressgateway' },
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/istio-viewers',
    'rbac.authorization.k8s.io/v1',
    'ClusterRole',
    { 'app.kubernetes.io/part-of': 'istio', 'operator.istio.io/note': 'ours' },
  ],
] as const;

const addForeign = async ({ api }: TestKubernetes): Promise<void> => {
  for (const [path, apiVersion, kind, labels] of FOREIGN)
    await api.apply(path, { apiVersion, kind, metadata: { name: path.split('/').at(-1), labels } });
};

const missingForeign = async ({ api }: TestKubernetes): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (const [path] of FOREIGN) if ((await api.call('GET', path)).status !== 200) missing.push(path);
  return missing;
};

/** What the second list has not. */
const without = (all: readonly string[], some: readonly string[]): readonly string[] =>
  all.filter((each) => !some.includes(each));

onKubernetes('an installation that changes', (cluster) => {
  const objects = () => installedObjects(cluster().api);

  it('gets the settings of an upgrade, and nothing else', async () => {
    await succeed(cluster(), 'install -y');
    await addForeign(cluster());
    const before = await objects();
    await succeed(cluster(), `upgrade -y ${SETTINGS}`);
    expect(await objects()).toEqual(before);
    const { data } = await cluster().api.get<{ readonly data: { readonly mesh: string } }>(
      '/api/v1/namespaces/istio-system/configmaps/istio',
    );
    expect(data.mesh).toContain('accessLogFile: /dev/stdout');
  });

  it('tells what would change, and changes nothing, in a dry run', async () => {
    const path = '/apis/apps/v1/namespaces/istio-system/deployments/istiod';
    const generation = async () =>
      (await cluster().api.get<{ readonly metadata: { readonly generation: number } }>(path)).metadata.generation;
    const before = [await objects(), await generation()];
    const told = await succeed(cluster(), 'install --dry-run --set values.pilot.env.SOME_SETTING=7');
    expect(told).toContain('SOME_SETTING');
    expect([await objects(), await generation()]).toEqual(before);
  });

  it('loses exactly the objects of a component that is switched off', async () => {
    const before = await objects();
    await succeed(cluster(), `install -y ${WITHOUT_GATEWAY} ${SETTINGS}`);
    const gone = without(before, await objects());
    expect(gone).toEqual(before.filter((each) => each.includes(' IngressGateways ')));
    expect(gone.length).toBeGreaterThan(5);
    expect(await missingForeign(cluster())).toEqual([]);
  });

  it('has a revision beside it, which leaves it alone', async () => {
    const before = await objects();
    await succeed(cluster(), 'install -y -r canary --set profile=minimal');
    const now = await objects();
    // What belongs to the whole cluster is of the revision that was installed last.
    const shared = without(before, now).filter(
      (each) => !/^(CustomResourceDefinition|ClusterRole|ClusterRoleBinding|ServiceAccount) /.test(each),
    );
    expect(shared).toEqual([]);
    expect(now).toContain('Deployment istio-system istiod Pilot default');
    expect(now).toContain('Deployment istio-system istiod-canary Pilot canary');
  });

  it('is not found changed by either, however often they take turns', async () => {
    for (const revision of ['default', 'canary', 'default']) {
      const flags = revision === 'default' ? `${WITHOUT_GATEWAY} ${SETTINGS}` : '-r canary --set profile=minimal';
      expect(await succeed(cluster(), `install -y ${flags}`)).toContain('nothing was changed');
      await succeed(cluster(), `verify-install ${flags}`);
    }
  });

  it('is led to by a tag, which moves and goes', async () => {
    const webhook = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-revision-tag-prod';
    const revision = async () => (await cluster().api.get<Listed>(webhook)).metadata.labels?.['istio.io/rev'];
    await succeed(cluster(), 'tag set prod -r default -y');
    expect(await revision()).toBe('default');
    const refused = await run(cluster(), 'tag set prod -r canary -y');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--overwrite')]);
    await succeed(cluster(), 'tag set prod -r canary -y --overwrite');
    expect(await revision()).toBe('canary');
    expect(await succeed(cluster(), 'tag list')).toMatch(/^prod +canary/m);
    await succeed(cluster(), 'tag remove prod -y');
    // Whoever removes an object with what it owns leaves the end of it to the garbage collector.
    await waitFor(cluster().apiServer, 'the tag to be gone', async () => {
      const { status } = await cluster().api.call('GET', webhook);
      return status === 404 || undefined;
    });
  });

  it('stays the default where somebody set the tag, until it goes', async () => {
    const defaultFlags = `${WITHOUT_GATEWAY} ${SETTINGS}`;
    await succeed(cluster(), 'tag set default -r canary -y --overwrite');
    expect(await succeed(cluster(), `install -y ${defaultFlags}`)).toMatch(
      /stays with revision "canary"[\s\S]*nothing was/,
    );
    await succeed(cluster(), `verify-install ${defaultFlags}`);
    expect(await succeed(cluster(), 'tag list')).toMatch(/^default +canary/m);
  });

  it('ends by revision', async () => {
    await succeed(cluster(), 'uninstall -y -r canary');
    const now = await objects();
    expect(now.filter((each) => each.endsWith(' Pilot canary'))).toEqual([]);
    expect(now).toContain('Deployment istio-system istiod Pilot default');
    expect(await missingForeign(cluster())).toEqual([]);
  });

  it('leaves nothing but what is of others when it is purged', async () => {
    await succeed(cluster(), 'uninstall -y --purge');
    expect(await objects()).toEqual([]);
    const left = await listEverything(cluster().api, '');
    const named = left.filter(
      ({ kind, metadata }) =>
        /WebhookConfiguration$|^CustomResourceDefinition$/.test(kind) && metadata.name.includes('istio'),
    );
    expect(named.map(({ metadata }) => metadata.name)).toEqual([]);
    expect(await missingForeign(cluster())).toEqual([]);
  });

  it('can begin anew', async () => {
    await succeed(cluster(), 'install -y --set profile=minimal');
    expect(await objects()).toContain('Deployment istio-system istiod Pilot default');
  });
});

onKubernetes('an installation that cannot end well', (cluster) => {
  describe('a pod that never becomes ready', () => {
    const waits = '--set values.pilot.podAnnotations.heddle\\.test/waits=ImagePullBackOff';

    it('is told with its reason when the time is over', async () => {
      const { code, stderr } = await run(cluster(), `install -y --set profile=minimal ${waits} --readiness-timeout 5s`);
      expect(stderr).toContain('ImagePullBackOff');
      expect(code).toBe(75);
    });

    it('is repaired by a second run with better settings', async () => {
      await succeed(cluster(), 'install -y --set profile=minimal');
      expect(await succeed(cluster(), 'install -y --set profile=minimal')).toContain('nothing was changed');
    });
  });

  it('is refused to a user without rights, who is told so', async () => {
    const { code, stderr } = await run({ ...cluster(), kubeconfig: cluster().devKubeconfig }, 'install -y');
    expect(code).toBe(77);
    expect(stderr).toMatch(/dev|forbidden|may not/i);
  });

  it('says that nobody answers when the API server is gone', async () => {
    await cluster().apiServer.kill();
    const { code, stderr } = await run(cluster(), 'install -y --kubeclient-timeout 5s');
    expect(stderr).toContain('127.0.0.1');
    expect(code).toBe(69);
  });
});

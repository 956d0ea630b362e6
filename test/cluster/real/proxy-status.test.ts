import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../harness/heddle.ts';
import { istioctl } from '../harness/istioctl.ts';
import { startMesh, type TestMesh } from '../harness/mesh.ts';
import { waitFor } from '../harness/program.ts';
import { onMesh } from '../harness/suite.ts';

/** The cells of a table without the ages, which pass. */
const cells = (table: string): readonly (readonly string[])[] =>
  table
    .trimEnd()
    .split('\n\n')
    .slice(0, 1)
    .flatMap((rows) => rows.split('\n'))
    .map((line) => line.replaceAll(/ \(\w+\)/g, '').split(/ {2,}/));

onMesh('proxy-status of real proxies', (cluster, istio) => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await startMesh(cluster(), istio);
  });

  const nameOf = ({ pod }: TestMesh['a']): string => `${pod.metadata.name}.${pod.metadata.namespace}`;

  it('sees every proxy in step, over the debug port and over XDS alike', async () => {
    const settled = await waitFor(mesh.istiod.program, 'all proxies to be in step', async () => {
      const { code, stdout } = await run(cluster(), 'ps --fail-on stale');
      return code === 0 ? stdout : undefined;
    });
    for (const proxy of [mesh.a, mesh.b, mesh.gateway]) expect(settled).toContain(nameOf(proxy));
    const overXds = await run(cluster(), 'ps --xds');
    expect(overXds).toMatchObject({ code: 0, stderr: '' });
    expect(cells(overXds.stdout)).toEqual(cells(settled));
  });

  it('has the states that istioctl has', async () => {
    const theirs = cells(await istioctl(istio, cluster(), 'proxy-status -v 1'));
    const ours = cells((await run(cluster(), 'ps -v 1')).stdout);
    const byColumn = (rows: typeof ours) =>
      rows.slice(1).map((row) => Object.fromEntries((rows[0] ?? []).map((column, at) => [column, row[at]])));
    expect(byColumn(ours)).toEqual(byColumn(theirs));
  });

  it('finds no difference in proxies that are in step', async () => {
    for (const proxy of [mesh.a, mesh.gateway]) {
      const { code, stdout } = await run(cluster(), `ps ${nameOf(proxy)}`);
      expect(stdout).toMatch(/^Clusters Match\nListeners Match\nRoutes Match/);
      expect(code).toBe(0);
    }
  });

  describe('that refuse what they are sent', () => {
    beforeAll(() =>
      cluster().api.apply('/apis/networking.istio.io/v1alpha3/namespaces/web/envoyfilters/broken', {
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'EnvoyFilter',
        spec: {
          workloadSelector: { labels: { app: 'a' } },
          configPatches: [
            {
              applyTo: 'CLUSTER',
              match: { context: 'SIDECAR_OUTBOUND' },
              patch: { operation: 'ADD', value: { name: 'broken', type: 'EDS', connect_timeout: '1s' } },
            },
          ],
        },
      }),
    );

    it('repeats what Envoy says', async () => {
      const refused = await waitFor(mesh.istiod.program, 'the refusal', async () => {
        const { code, stdout } = await run(cluster(), 'ps --fail-on error');
        return code === 79 ? stdout : undefined;
      });
      expect(refused).toMatch(/^ERROR a\.web refused CDS, sent \d+s ago: .*broken/m);
      expect((await run(cluster(), 'ps --xds')).stdout).toMatch(/^ERROR a\.web refused CDS, sent \d+s ago: .*broken/m);
    });

    it('names the object that istiod wants and the proxy has not', async () => {
      const { code, stdout } = await run(cluster(), `ps ${nameOf(mesh.a)} -o json`);
      expect(code).toBe(81);
      const { parts } = JSON.parse(stdout);
      expect(parts[0]).toMatchObject({ part: 'Clusters', objects: [{ name: 'broken', change: 'missing' }] });
    });
  });

  it('says of a proxy that is gone that no istiod knows it, and of an istiod that is gone that nothing answers', async () => {
    await mesh.b.program.stop();
    await waitFor(mesh.istiod.program, 'istiod to notice', async () => {
      const { stdout } = await run(cluster(), 'ps');
      return stdout.includes(`NOT CONNECTED ${nameOf(mesh.b)}`) || undefined;
    });
    await mesh.istiod.program.stop();
    const { code, stdout } = await run(cluster(), 'ps --timeout 5s');
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  });
});

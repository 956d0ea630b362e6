import { beforeAll, expect, it } from 'vitest';
import { run } from '../harness/heddle.ts';
import { istioctl } from '../harness/istioctl.ts';
import { startMesh } from '../harness/mesh.ts';
import { onMesh } from '../harness/suite.ts';

/** Lines of a table as cells, whatever the padding; a certificate's times of day are to the second and stay. */
const rowsOf = (table: string): readonly string[] =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, ' | '));

onMesh('the configuration of a real proxy', (cluster, istio) => {
  beforeAll(async () => {
    const mesh = await startMesh(cluster(), istio);
    expect(mesh.b.program.hasEnded()).toBe(false);
  });

  it.each([
    'cluster a.web',
    'cluster a.web --direction inbound',
    'listener a.web',
    'route a.web',
    'endpoint a.web',
    'secret a.web',
    'bootstrap a.web -o short',
    'log a.web --level upstream:debug',
    'all a.web',
  ])('is told by %s as istioctl tells it', async (line) => {
    const { code, stdout, stderr } = await run(cluster(), `proxy-config ${line}`);
    expect(code, stderr).toBe(0);
    expect(rowsOf(stdout)).toEqual(rowsOf(await istioctl(istio, cluster(), `proxy-config ${line}`)));
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { succeed } from '../harness/heddle.ts';
import { installedObjects, listEverything, recordedObjects } from '../harness/inventory.ts';
import { onKubernetes } from '../harness/suite.ts';

const transcripts = resolve(import.meta.dirname, '../../../../shared/corpus/cluster/transcripts');
describe.skipIf(!existsSync(transcripts))('the objects that istioctl was seen to install', () => {
  for (const [profile, file] of [
    ['default', '11-resources-default'],
    ['demo', '20-resources-demo'],
    ['minimal', '20-resources-minimal'],
    ['ambient', '20-resources-ambient'],
  ]) {
    onKubernetes(`profile ${profile}`, (cluster) => {
      it('are what heddle installs', async () => {
        await succeed(cluster(), `install -y --set profile=${profile}`);
        const recorded = recordedObjects(readFileSync(resolve(transcripts, `${file}.txt`), 'utf8'));
        expect(await installedObjects(cluster().api)).toEqual(recorded);
      });

      it('are not written again by the same installation', async () => {
        const versions = async (): Promise<readonly string[]> => {
          const listed = await listEverything(cluster().api, 'operator.istio.io/component');
          return listed.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
        };
        const written = await versions();
        const told = await succeed(cluster(), `install -y --set profile=${profile}`);
        expect(told).toContain('nothing was changed');
        expect(await versions()).toEqual(written);
      });
    });
  }
});

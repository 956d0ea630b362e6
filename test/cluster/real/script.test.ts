import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, it } from 'vitest';
import { ensureBuilt } from '../../support/built.ts';
import { playScript } from '../../support/play-script.ts';
import { onKubernetes } from '../harness/suite.ts';

const scripts = join(import.meta.dirname, 'script');

beforeAll(ensureBuilt, 60_000);

for (const file of readdirSync(scripts))
  onKubernetes(file, (cluster) => {
    it('prints what it says', async () => {
      const { kubeconfig, devKubeconfig } = cluster();
      await playScript(join(scripts, file), { KUBECONFIG: kubeconfig, DEV_KUBECONFIG: devKubeconfig });
    });
  });

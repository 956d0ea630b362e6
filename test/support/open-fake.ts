import type { Cluster } from '../../src/cluster/cluster.ts';
import { type OpenOptions, openCluster } from '../../src/cluster/open.ts';
import type { FakeApi } from './fake-api-server.ts';

/** A Cluster over the fake API server, or over whatever else the options say. */
export const openFake = (api: Pick<FakeApi, 'kubeconfig'>, options: Partial<OpenOptions> = {}): Promise<Cluster> =>
  openCluster({
    kubeconfig: api.kubeconfig,
    context: undefined,
    env: { PATH: process.env['PATH'] },
    cwd: process.cwd(),
    impersonation: { user: '', uid: '', groups: [] },
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    userAgent: 'heddle/test',
    log: () => undefined,
    ...options,
  });

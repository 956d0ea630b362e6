import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { isObject } from '../../model/value.ts';
import type { Cluster } from '../cluster.ts';
import { askMonitoring, type IstiodChoice, runningIstiods } from '../istiods.ts';
import { isReadyPod } from '../pods.ts';

/** What a proxy was sent and has not taken. */
export interface ProxySync {
  /** `web-7fd94c989c-g2nft.app`. */
  readonly id: string;
  /** Kinds of configuration (`cluster`, `listener`, ...) whose newest version it has not acknowledged. */
  readonly behind: readonly string[];
}

const AT_ONCE = 8;
const SENT = /^(\w+)_sent$/;

/** Reads the answer of `/debug/syncz`: what was sent last against what was acknowledged last, kind by kind. */
export const parseSyncs = (body: string): readonly ProxySync[] => {
  let list: unknown;
  try {
    list = JSON.parse(body);
  } catch {
    list = undefined;
  }
  if (list === null) return [];
  if (!Array.isArray(list))
    throw new Fault('istiod does not say what its proxies have', { kind: 'failure', code: 'ISTIOD_REFUSED' });
  return list.filter(isObject).map((each) => ({
    id: String(each['proxy']),
    behind: Object.entries(each).flatMap(([key, sent]) => {
      const [, kind] = SENT.exec(key) ?? [];
      return kind === undefined || sent === '' || each[`${kind}_acked`] === sent ? [] : [kind];
    }),
  }));
};

/** Asks every istiod that is ready what its proxies have. */
export const meshSyncs = async (cluster: Cluster, choice: IstiodChoice): Promise<readonly ProxySync[]> => {
  const pods = (await runningIstiods(cluster, choice)).filter(isReadyPod);
  const answers = await inParallel(pods, AT_ONCE, (pod) => askMonitoring(cluster, pod, '/debug/syncz'));
  return answers.flatMap(parseSyncs);
};

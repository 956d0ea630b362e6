import { Fault } from '../base/fault.ts';
import { inParallel } from '../base/in-parallel.ts';
import { isObject } from '../model/value.ts';
import type { CallLimits, Cluster, KubernetesObject } from './cluster.ts';
import { askMonitoring, type IstiodChoice, noIstiod, runningIstiods } from './istiods.ts';
import { isReadyPod } from './pods.ts';

/** How a program was built, as Istio's programs say it of themselves; the empty text for what they do not say. */
export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
  readonly status: string;
  readonly tag: string;
}

/** One istiod and what it is. */
export interface IstiodVersion {
  readonly pod: string;
  readonly component: string;
  readonly revision: string;
  readonly build: BuildInfo;
}

/** One proxy that is connected to an istiod. */
export interface ProxyVersion {
  /** `web-7fd94c989c-g2nft.app`. */
  readonly id: string;
  readonly version: string;
  /** `sidecar`, `gateway`, `waypoint`, `ztunnel`. */
  readonly type: string;
}

/** What runs in a mesh. `proxies` is undefined where no istiod said who is connected. */
export interface MeshVersions {
  readonly istiods: readonly IstiodVersion[];
  readonly proxies: readonly ProxyVersion[] | undefined;
  /** Why something is missing. */
  readonly faults: readonly Fault[];
}

const AT_ONCE = 8;
/** What istiod gives who names no version: the connections of tools, which are no proxies. */
const NO_VERSION = '65536.65536.65536';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** Reads the answer of `/version`: a JSON object, or `1.31.1-GIT_REVISION-STATUS`. */
export const parseBuildInfo = (body: string): BuildInfo => {
  const json = parseJson(body);
  const client = isObject(json) ? json['clientVersion'] : undefined;
  if (isObject(client) && text(client['version']) !== '')
    return {
      version: text(client['version']),
      revision: text(client['revision']),
      status: text(client['status']),
      tag: text(client['tag']),
    };
  const line = body.trim();
  const [, version = line, revision = '', status = ''] = /^(.+?)-([^-]+(?:-dirty)?)-([^-]+)$/s.exec(line) ?? [];
  return { version, revision, status, tag: status === '' ? '' : version };
};

/** Reads the answer of `/debug/syncz`; undefined where it is no list of proxies. */
export const parseProxies = (body: string): readonly ProxyVersion[] | undefined => {
  const list = parseJson(body);
  if (list === null) return [];
  if (!Array.isArray(list)) return undefined;
  return list
    .filter(isObject)
    .map((each) => ({
      id: text(each['proxy']),
      version: text(each['istio_version']) || 'unknown',
      type: text(each['proxy_type']) === 'router' ? 'gateway' : text(each['proxy_type']),
    }))
    .filter(({ version }) => version !== NO_VERSION);
};

/** What the work gives, or undefined after noting its Fault. */
const orNote = async <T>(faults: Fault[], work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Fault) || error.kind === 'interrupted') throw error;
    faults.push(error);
    return undefined;
  }
};

const proxiesOf = async (
  cluster: Cluster,
  pod: KubernetesObject,
  limits: CallLimits,
): Promise<readonly ProxyVersion[]> => {
  const proxies = parseProxies(await askMonitoring(cluster, pod, '/debug/syncz', limits));
  if (proxies !== undefined) return proxies;
  throw new Fault(`istiod "${pod.metadata.name}" does not say which proxies are connected to it`, {
    kind: 'failure',
    code: 'ISTIOD_REFUSED',
    hint: 'its debug pages may be switched off (ENABLE_DEBUG_ON_HTTP)',
  });
};

/**
 * Asks every istiod that is ready for its version and its proxies, each within the limits; throws a Fault where the API
 * server does not answer, or NO_ISTIOD.
 */
export const meshVersions = async (
  cluster: Cluster,
  choice: IstiodChoice,
  limits: CallLimits,
): Promise<MeshVersions> => {
  const pods = (await runningIstiods(cluster, choice, limits)).filter(isReadyPod);
  if (pods.length === 0) throw noIstiod(choice);
  const faults: Fault[] = [];
  const answers = await inParallel(pods, AT_ONCE, async (pod) => {
    const body = await orNote(faults, askMonitoring(cluster, pod, '/version', limits));
    // Who does not say what it is will not say more.
    const proxies = body === undefined ? undefined : await orNote(faults, proxiesOf(cluster, pod, limits));
    const { name, labels = {} } = pod.metadata;
    const istiod =
      body === undefined
        ? undefined
        : {
            pod: name,
            component: labels['istio'] ?? 'istiod',
            revision: labels['istio.io/rev'] ?? 'default',
            build: parseBuildInfo(body),
          };
    return { istiod, proxies };
  });
  const known = answers.flatMap(({ proxies }) => (proxies === undefined ? [] : [proxies]));
  return {
    istiods: answers.flatMap(({ istiod }) => istiod ?? []),
    proxies: known.length === 0 ? undefined : known.flat(),
    faults,
  };
};

import { Fault } from '../../base/fault.ts';
import { parsePodArgument } from '../../cluster/pods.ts';
import { type ProxyRoute, type RoutedRequest, routeRequest } from '../../envoy/route-request.ts';
import type { Met } from '../../traffic/explain/explanation.ts';
import type { Context } from '../command.ts';
import { createPodAdmin, type PodAccess } from '../proxy-config/pod-admin.ts';
import { readDump, requireSection } from '../proxy-config/read-dump.ts';

/** What a running proxy does with a request beside what the configuration says. */
export interface ProxyAnswer {
  readonly pod: string;
  readonly isSame: boolean;
  /** The clusters of the explanation with their shares; empty where no request leaves. */
  readonly explained: string;
  /** Absent where the proxy has no route for it. */
  readonly route?: ProxyRoute;
  /** How long ago the proxy's routes came, in whole seconds. */
  readonly ageSeconds?: number;
}

/** Shares in percent, as weights have them. */
const sharesOf = (clusters: readonly { readonly cluster: string; readonly share: number }[]): string =>
  clusters
    .map(({ cluster, share }) => `${cluster} ${Math.round(share * 100) / 100}%`)
    .sort()
    .join(', ');

const portOf = (authority: string): number => Number(/:(\d+)$/.exec(authority)?.[1] ?? 80);

/** Where the configuration sends what no fault stops. */
const explainedClusters = (met: readonly Met[]): string => {
  const destinations = met.flatMap((one) => (one.kind === 'destination' ? [one] : []));
  const total = destinations.reduce((sum, { share }) => sum + share, 0);
  return sharesOf(
    destinations.map(({ destination, share }) => ({
      cluster: destination.cluster,
      share: (100 * share) / (total || 1),
    })),
  );
};

/** Asks a pod's Envoy for its routes and compares where they send a request with what was explained. */
export const askProxy = async (
  context: Context,
  pod: string,
  access: PodAccess,
  request: RoutedRequest & { readonly port: number | undefined },
  met: readonly Met[],
): Promise<ProxyAnswer> => {
  const proxy = createPodAdmin(pod, access, context);
  const dump = await readDump(proxy, 'mask=dynamic_route_configs,static_route_configs');
  const section = requireSection(proxy, dump, 'RoutesConfigDump');
  const route = routeRequest(section, request.port ?? portOf(request.authority), request);
  const explained = explainedClusters(met);
  const ageMs = route?.updated === undefined ? Number.NaN : Date.now() - Date.parse(route.updated);
  return {
    pod,
    isSame: sharesOf(route?.clusters ?? []) === explained,
    explained,
    ...(route !== undefined && { route }),
    ...(Number.isFinite(ageMs) && { ageSeconds: Math.max(0, Math.floor(ageMs / 1000)) }),
  };
};

/** One line: whether the proxy agrees, and what it does otherwise. */
export const answerText = ({ pod, isSame, explained, route, ageSeconds }: ProxyAnswer): string => {
  const since = ageSeconds === undefined ? '' : `; its routes are ${ageSeconds} s old`;
  if (isSame) return `✔ the proxy of ${pod} does the same${since}`;
  const does =
    route === undefined ? 'has no route for it' : `says ${sharesOf(route.clusters) || 'an answer of its own'}`;
  return `✘ the configuration says ${explained || 'that nothing leaves'}, the proxy of ${pod} ${does}${since}`;
};

/** Who sends the request: with files, where pods have no names yet, the workload has to be said. */
export const senderOf = (
  pod: string,
  { from, namespace: flag }: { readonly from: string | undefined; readonly namespace: string | undefined },
  hasFiles: boolean,
): string => {
  const { type, name, namespace = flag } = parsePodArgument(pod);
  const own = namespace === undefined ? name : `${namespace}/${name}`;
  if (from !== undefined) return from;
  if (!hasFiles || !['pod', 'pods', 'po'].includes(type)) return own;
  throw new Fault(`files do not tell whose pod ${pod} is`, {
    kind: 'usage',
    code: 'MISSING_FLAG',
    hint: 'add --from with its workload, or name it as deploy/NAME',
  });
};

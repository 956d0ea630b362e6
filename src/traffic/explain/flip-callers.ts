import type { VirtualServiceSpec } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import { hostCovers } from '../compile/names.ts';
import type { AskedRequest } from './explanation.ts';
import type { MeshView } from './mesh-view.ts';
import type { Mutation } from './mutation.ts';

/** For every `sourceLabels` of a route to the request's host, a workload that has the labels and one that has not. */
export function* acrossLabels({ world, ownNamespace }: MeshView, asked: AskedRequest): Iterable<Mutation> {
  if (asked.gateway !== undefined) return;
  const [host = ''] = asked.authority.split(':', 1);
  const wanted = new Map<string, Readonly<Record<string, string>>>();
  for (const { object } of world.mesh.of('VirtualService'))
    if (mayServe(object.spec, host))
      for (const labels of sourceLabelsOf(object.spec)) wanted.set(JSON.stringify(labels), labels);
  const callers = world.pods.filter(({ pod }) => pod.proxyMode === 'sidecar' && pod.namespace !== ownNamespace);
  for (const labels of wanted.values())
    for (const isSelected of [true, false]) {
      const caller = callers.find(({ pod }) => matchesLabels(labels, pod.labels) === isSelected);
      if (caller === undefined) continue;
      const from = `${caller.pod.namespace}/${caller.pod.workload}`;
      if (from !== asked.from) yield { change: `from ${from}`, effort: 5, asked: { ...asked, from } };
    }
}

/** As far as names tell: `reviews` may be `reviews.shop`, and a delegate serves the hosts of others. */
const mayServe = (spec: VirtualServiceSpec | undefined, host: string): boolean => {
  const hosts = spec?.hosts ?? [];
  return (
    hosts.length === 0 ||
    hosts.some((own) => hostCovers(own, host) || own.startsWith(`${host}.`) || host.startsWith(`${own}.`))
  );
};

const sourceLabelsOf = ({
  http = [],
  tls = [],
  tcp = [],
}: VirtualServiceSpec = {}): readonly Readonly<Record<string, string>>[] =>
  [...http, ...tls, ...tcp].flatMap(({ match = [] }) =>
    match.flatMap(({ sourceLabels }) => (sourceLabels === undefined ? [] : [sourceLabels])),
  );

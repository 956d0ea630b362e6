import type { Resource } from '../../../model/resource.ts';
import type { Gateway, GatewayServer } from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { indexPods, type PodIndex, selectorText } from '../../lookup/pods.ts';

type Labels = Readonly<Record<string, string>>;

/** The Gateways of one selector. */
interface Group {
  readonly selector: Labels;
  readonly gateways: Set<Resource<Gateway>>;
}

/** Groups by port, address and host as written, then by their selectors. */
type Claims = Map<string, Map<string, Group>>;

const selectorOf = (gateway: Resource<Gateway>): Labels => gateway.object.spec?.selector ?? {};

const claimsOf = (server: GatewayServer): readonly string[] =>
  server.hosts.map((host) => `${server.port.number} ${server.bind ?? ''} ${host}`);

const collect = (gateways: readonly Resource<Gateway>[]): Claims => {
  const claims: Claims = new Map();
  for (const gateway of gateways) {
    const selector = selectorOf(gateway);
    const text = selectorText(selector);
    for (const claim of (gateway.object.spec?.servers ?? []).flatMap(claimsOf)) {
      const groups = claims.get(claim) ?? new Map<string, Group>();
      claims.set(claim, groups);
      const group = groups.get(text) ?? { selector, gateways: new Set() };
      groups.set(text, group);
      group.gateways.add(gateway);
    }
  }
  return claims;
};

/** Istio compares selectors of which one holds all labels of the other, and then wants a pod that has them. */
const meet = (a: Labels, b: Labels, pods: PodIndex): boolean => {
  if (matchesLabels(a, b) && matchesLabels(b, a)) return true;
  if (matchesLabels(a, b)) return pods.select(b).length > 0;
  return matchesLabels(b, a) && pods.select(a).length > 0;
};

const nameOf = ({ namespace, name }: Resource): string => `${namespace}/${name}`;

/** All who claim a host of one server, the server's own Gateway among them. */
interface Claimants {
  readonly gateways: readonly Resource<Gateway>[];
  readonly names: string;
}

/** Finds who else claims the hosts of a server; servers that say the same are answered once. */
const createFinder = (all: readonly Resource<Gateway>[], pods: PodIndex) => {
  const claims = collect(all);
  const known = new Map<string, Claimants>();
  return (server: GatewayServer, selector: Labels): Claimants => {
    const own = claimsOf(server);
    const key = JSON.stringify([selectorText(selector), ...own]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const gateways = new Set<Resource<Gateway>>();
    for (const group of own.flatMap((claim) => [...(claims.get(claim)?.values() ?? [])])) {
      if (meet(selector, group.selector, pods)) for (const gateway of group.gateways) gateways.add(gateway);
    }
    const claimants = { gateways: [...gateways], names: nameList([...gateways].map(nameOf)) };
    known.set(key, claimants);
    return claimants;
  };
};

/** Istio's `gateway.ConflictingGatewayAnalyzer`; one finding a server. */
export const gatewayConflicts = defineCheck({
  name: 'gateway.ConflictingGatewayAnalyzer',
  summary: 'Gateways that claim the same host on the same port of the same pods.',
  emits: ['IST0145'],
  *run({ mesh, pods }) {
    const find = createFinder(mesh.of('Gateway'), indexPods(pods));
    for (const gateway of mesh.of('Gateway')) {
      const selector = selectorOf(gateway);
      for (const server of gateway.object.spec?.servers ?? []) {
        const { gateways, names } = find(server, selector);
        if (gateways.length < 2) continue;
        const values = {
          gateways: names,
          selector: selectorText(selector),
          port: `${server.port.number}`,
          hosts: nameList(server.hosts),
        };
        const others = gateways.slice(0, SHOWN_NAMES + 1).filter((other) => other !== gateway);
        yield finding('IST0145', gateway, values, {
          labels: others.slice(0, SHOWN_NAMES).map(({ span }) => ({ span, text: 'claims the same' })),
          effect: 'of servers with TLS the proxies take that of the oldest Gateway and drop the others',
          hint: 'keep the host in one Gateway, or give the others another port or host',
        });
      }
    }
  },
});

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
  if (matchesLabels(a, b)) return pods.selectsAny(b);
  return matchesLabels(b, a) && pods.selectsAny(a);
};

const nameOf = ({ namespace, name }: Resource): string => `${namespace}/${name}`;

/** All Gateways that claim one host of the pods of one selector, sorted by name. */
interface Rivals {
  readonly sorted: readonly Resource<Gateway>[];
  readonly all: ReadonlySet<Resource<Gateway>>;
}

/** All who claim a host of one server, the server's own Gateway among them. */
interface Claimants {
  readonly count: number;
  /** Those that sort first by name, as many as are shown and one more at least. */
  readonly first: readonly Resource<Gateway>[];
}

const byName = (a: Resource, b: Resource): number => (nameOf(a) < nameOf(b) ? -1 : 1);

/** Finds who else claims the hosts of a server in time that the rarest of its hosts take, not the commonest. */
const createFinder = (gateways: readonly Resource<Gateway>[], pods: PodIndex) => {
  const claims = collect(gateways);
  const byClaim = new Map<string, Rivals>();
  const byMembers = new Map<string, Rivals>();
  const rivalsFor = (claim: string, selector: Labels): Rivals => {
    const key = `${selectorText(selector)} ${claim}`;
    const known = byClaim.get(key);
    if (known !== undefined) return known;
    const groups = [...(claims.get(claim)?.values() ?? [])].filter((group) => meet(selector, group.selector, pods));
    const all = new Set(groups.flatMap((group) => [...group.gateways]));
    const sorted = [...all].sort(byName);
    // Hosts that the same Gateways claim are one question.
    const members = sorted.map(nameOf).join();
    const rivals = byMembers.get(members) ?? { sorted, all };
    byMembers.set(members, rivals);
    byClaim.set(key, rivals);
    return rivals;
  };
  return (server: GatewayServer, selector: Labels): Claimants => {
    const distinct = new Set(claimsOf(server).map((claim) => rivalsFor(claim, selector)));
    const [most, ...fewer] = [...distinct].sort((a, b) => b.all.size - a.all.size);
    if (most === undefined) return { count: 0, first: [] };
    const more = new Set(fewer.flatMap(({ sorted }) => sorted.filter((gateway) => !most.all.has(gateway))));
    const first = [...most.sorted.slice(0, SHOWN_NAMES + 1), ...more].sort(byName);
    return { count: most.all.size + more.size, first };
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
        const { count, first } = find(server, selector);
        if (count < 2) continue;
        const values = {
          gateways: nameList(first.map(nameOf), count),
          selector: selectorText(selector),
          port: `${server.port.number}`,
          hosts: nameList(server.hosts),
        };
        const others = first.filter((other) => other !== gateway);
        yield finding('IST0145', gateway, values, {
          labels: others.slice(0, SHOWN_NAMES).map(({ span }) => ({ span, text: 'claims the same' })),
          effect: 'of servers with TLS the proxies take that of the oldest Gateway and drop the others',
          hint: 'keep the host in one Gateway, or give the others another port or host',
        });
      }
    }
  },
});

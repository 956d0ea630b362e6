import type { Mesh } from '../../../model/mesh.ts';
import { type Resource, resourceId } from '../../../model/resource.ts';
import type { ServiceEntry, ServiceEntryPort } from '../../../model/schema/generated/types-istio.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';
import { EVERYWHERE, exportScopes } from '../../lookup/scopes.ts';

/** A port as one ServiceEntry declares it. */
interface Declaration {
  readonly entry: Resource<ServiceEntry>;
  readonly port: ServiceEntryPort;
  /** Upper case, as Istio compares them; empty where none is written. */
  readonly protocol: string;
}

/** All declarations of one port of one host, by the namespaces that see them. */
interface HostPort {
  readonly host: string;
  readonly number: number;
  readonly scopes: Map<string, Declaration[]>;
}

const readHostPorts = (mesh: Mesh): Iterable<HostPort> => {
  const found = new Map<string, HostPort>();
  for (const entry of mesh.of('ServiceEntry')) {
    const { hosts, ports = [], exportTo } = entry.object.spec;
    const scopes = exportScopes(exportTo, entry.namespace);
    for (const host of new Set(hosts)) {
      for (const port of ports) {
        const key = `${port.number} ${host}`;
        const known = found.get(key) ?? { host, number: port.number, scopes: new Map<string, Declaration[]>() };
        found.set(key, known);
        const declaration = { entry, port, protocol: (port.protocol ?? '').toUpperCase() };
        for (const scope of scopes) known.scopes.set(scope, [...(known.scopes.get(scope) ?? []), declaration]);
      }
    }
  }
  return found.values();
};

/** What a namespace sees that anything is exported to, where that is at odds. */
const conflictsOf = ({ scopes }: HostPort): readonly (readonly Declaration[])[] => {
  const everywhere = scopes.get(EVERYWHERE) ?? [];
  return [...scopes]
    .map(([scope, declarations]) => (scope === EVERYWHERE ? declarations : [...declarations, ...everywhere]))
    .filter((seen) => new Set(seen.map(({ protocol }) => protocol)).size > 1);
};

const nameOf = (protocol: string): string => (protocol === '' ? 'none' : protocol);

const labelOf = ({ entry, port, protocol }: Declaration) => ({
  span: spanOf(port, 'protocol') ?? spanOf(port) ?? entry.span,
  text: `${nameOf(protocol)} in ${resourceId(entry)}`,
});

/** Istio's `serviceentry.ConflictingServiceEntryProtocolAnalyzer`: one finding for an entry, however many ports clash. */
export const serviceEntryProtocols = defineCheck({
  name: 'serviceentry.ConflictingServiceEntryProtocolAnalyzer',
  summary: 'ServiceEntries that give one port of one host different protocols.',
  emits: ['IST0177'],
  *run({ mesh }) {
    const told = new Set<Resource>();
    for (const hostPort of readHostPorts(mesh)) {
      for (const seen of conflictsOf(hostPort)) {
        const values = {
          entries: nameList(seen.map(({ entry }) => `${entry.namespace}/${entry.name}`)),
          port: String(hostPort.number),
          host: hostPort.host,
          protocols: nameList(seen.map(({ protocol }) => nameOf(protocol))),
        };
        const labels = seen.slice(0, SHOWN_NAMES).map(labelOf);
        for (const { entry } of seen) {
          if (told.has(entry)) continue;
          told.add(entry);
          const effect = 'a proxy that sees them all treats the port by one of the protocols';
          const hint = 'give the port one protocol, or export the entries to different namespaces';
          yield finding('IST0177', entry, values, { in: entry.object.metadata, key: 'name', labels, effect, hint });
        }
      }
    }
  },
});

import type { Mesh } from '../../model/mesh.ts';
import { resolveShortName, serviceFqdn } from '../../model/names.ts';
import type { Resource } from '../../model/resource.ts';
import type { ServiceEntry } from '../../model/schema/generated/types-istio.ts';
import type { Service } from '../../model/schema/generated/types-kubernetes.ts';
import { isMistyped } from './mistyped.ts';
import { createSuggester } from './near-names.ts';
import { EVERYWHERE, exportScopes } from './scopes.ts';

/** A host of the registry with all that defines it; several ServiceEntries may name one host. */
export interface KnownHost {
  readonly host: string;
  readonly ports: readonly number[];
  readonly services: readonly Resource<Service>[];
  readonly serviceEntries: readonly Resource<ServiceEntry>[];
}

/** The hosts of Services and ServiceEntries, by the namespaces that see them. */
export interface HostIndex {
  /**
   * What a host of an object means: first what every namespace sees, then what the namespaces of the object's own
   * `exportTo` see, then wildcards of ServiceEntries, the longest first.
   */
  find(host: string, namespace: string, exportTo: readonly string[] | undefined): KnownHost | undefined;
  /** What to write instead of a host that is not found, as a sentence in the imperative. */
  hintFor(host: string, namespace: string): string | undefined;
  /** The host that the hint names, where no other can be meant. */
  correctionOf(host: string, namespace: string): string | undefined;
}

interface Correction {
  readonly hint: string;
  readonly sure: string | undefined;
}

type Scope = Map<string, Definition>;

interface Definition {
  readonly host: string;
  readonly ports: Set<number>;
  readonly services: Resource<Service>[];
  readonly serviceEntries: Resource<ServiceEntry>[];
}

const addTo = (scopes: Map<string, Scope>, scope: string, host: string): Definition => {
  const hosts = scopes.get(scope) ?? new Map<string, Definition>();
  scopes.set(scope, hosts);
  const known = hosts.get(host);
  if (known !== undefined) return known;
  const definition: Definition = { host, ports: new Set(), services: [], serviceEntries: [] };
  hosts.set(host, definition);
  return definition;
};

const readServices = (mesh: Mesh, scopes: Map<string, Scope>): void => {
  for (const resource of mesh.of('Service')) {
    const exportTo = resource.annotations['networking.istio.io/exportTo']?.split(',').map((entry) => entry.trim());
    for (const scope of exportScopes(
      exportTo?.filter((entry) => entry !== ''),
      resource.namespace,
    )) {
      const definition = addTo(scopes, scope, serviceFqdn(resource.name, resource.namespace));
      definition.services.push(resource);
      for (const { port } of resource.object.spec?.ports ?? []) definition.ports.add(port);
    }
  }
};

const readServiceEntries = (mesh: Mesh, scopes: Map<string, Scope>): void => {
  for (const resource of mesh.of('ServiceEntry')) {
    const { spec } = resource.object;
    for (const scope of exportScopes(spec.exportTo, resource.namespace)) {
      for (const host of new Set(spec.hosts)) {
        const definition = addTo(scopes, scope, resolveShortName(host, resource.namespace));
        definition.serviceEntries.push(resource);
        for (const { number } of spec.ports ?? []) definition.ports.add(number);
      }
    }
  }
};

/** The wildcard of a scope that covers a host, a wildcard included; every suffix is one look into the map. */
const findWildcard = (hosts: Scope | undefined, host: string): Definition | undefined => {
  if (hosts === undefined) return undefined;
  const name = host.replace(/^\*/, '');
  for (let start = 0; start <= name.length; start++) {
    const found = hosts.get(`*${name.slice(start)}`);
    if (found !== undefined) return found;
  }
  return undefined;
};

const SERVICE_HOST = /^(.+)\.([^.]+)\.svc\.cluster\.local$/;

/** Hosts worth comparing with an unknown one: Services with Services of one namespace, others by their last labels. */
const neighbourhood = (host: string): string =>
  SERVICE_HOST.exec(host)?.[2] ?? `.${host.split('.').slice(-2).join('.')}`;

/** Indexes the registry once; finding a host costs the length of its name. */
export const indexHosts = (mesh: Mesh): HostIndex => {
  const scopes = new Map<string, Scope>();
  readServices(mesh, scopes);
  readServiceEntries(mesh, scopes);
  const published = new Map<string, string[]>();
  const namespacesOfName = new Map<string, string[]>();
  for (const hosts of scopes.values()) {
    for (const host of hosts.keys()) {
      append(published, neighbourhood(host), host);
    }
  }
  for (const { name, namespace } of mesh.of('Service')) {
    append(namespacesOfName, name, namespace);
  }
  const suggesters = new Map<string, (word: string) => string | undefined>();
  const suggestNear = (name: string): string | undefined => {
    const near = neighbourhood(name);
    const known = suggesters.get(near) ?? createSuggester(published.get(near) ?? []);
    suggesters.set(near, known);
    return known(name);
  };
  const correct = (host: string, namespace: string): Correction | undefined => {
    const name = resolveShortName(host, namespace);
    const [label = '', place] = host.split('.');
    const elsewhere = namespacesOfName.get(label) ?? [];
    // `reviews.other` looks like a Service to Kubernetes' DNS and to people, but Istio takes it as it is.
    if (place !== undefined && elsewhere.includes(place) && host !== serviceFqdn(label, place)) {
      const full = serviceFqdn(label, place);
      return { sure: full, hint: `write "${full}": Istio completes only names without dots` };
    }
    if (place === undefined && elsewhere.length > 0 && !elsewhere.includes(namespace)) {
      const full = serviceFqdn(label, elsewhere[0] ?? '');
      return {
        sure: elsewhere.length === 1 ? full : undefined,
        hint: `write "${full}": a name without dots is a Service of namespace ${namespace}`,
      };
    }
    const near = suggestNear(name);
    if (near === undefined || near === name) return undefined;
    const short = SERVICE_HOST.exec(near);
    const nearest = place === undefined && short?.[2] === namespace ? (short[1] ?? near) : near;
    return { sure: isMistyped(name, near) ? nearest : undefined, hint: `did you mean "${nearest}"?` };
  };
  return {
    find: (host, namespace, exportTo) => {
      const name = resolveShortName(host, namespace);
      const own = exportTo === undefined || exportTo.length === 0 ? [namespace] : exportScopes(exportTo, namespace);
      for (const scope of [EVERYWHERE, ...own]) {
        const found = scopes.get(scope)?.get(name);
        if (found !== undefined) return finish(found);
      }
      const wildcard = findWildcard(scopes.get(EVERYWHERE), host) ?? findWildcard(scopes.get(namespace), host);
      return wildcard === undefined ? undefined : finish(wildcard);
    },
    hintFor: (host, namespace) => correct(host, namespace)?.hint,
    correctionOf: (host, namespace) => correct(host, namespace)?.sure,
  };
};

const append = (lists: Map<string, string[]>, key: string, item: string): void => {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
};

const finish = ({ ports, ...definition }: Definition): KnownHost => ({ ...definition, ports: [...ports] });

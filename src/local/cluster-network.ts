import type { Random } from '../base/ports.ts';
import { CLUSTER_DOMAIN } from '../model/names.ts';
import type { LocalService, Network, SocketAddress } from '../proxy/proxy.ts';
import { type ClusterNames, clusterNames } from '../traffic/cluster-names.ts';
import { buildRegistry, type MeshService, type ServiceEndpoint } from '../traffic/compile/services.ts';
import type { World } from '../traffic/compile/world.ts';
import type { SocketPlan } from './sockets.ts';

/**
 * What a cluster's network does for pods, from the same registry the tables are compiled from: DNS with Kubernetes'
 * search list, virtual service addresses spread over endpoints as kube-proxy does, and the way to every socket.
 */
export class ClusterNetwork implements Network {
  readonly plan: SocketPlan;
  readonly #externals: ReadonlyMap<string, string> | undefined;
  readonly #random: Random;
  #names: ClusterNames = { resolve: () => [] };
  #local: ReadonlyMap<string, LocalService> = new Map();
  #virtual: ReadonlyMap<string, readonly ServiceEndpoint[]> = new Map();

  /** `externals` undefined: names outside the cluster are left to the system's resolver when connecting. */
  constructor(plan: SocketPlan, externals: ReadonlyMap<string, string> | undefined, random: Random) {
    this.plan = plan;
    this.#externals = externals;
    this.#random = random;
  }

  /** Takes over the names and addresses of a configuration. */
  use(world: World): void {
    const registry = buildRegistry(world);
    const services = [...registry.values()];
    this.#names = clusterNames(world, registry);
    this.#local = new Map(services.flatMap((service) => localNameOf(service)));
    this.#virtual = new Map(
      services.flatMap((service) =>
        service.address === undefined
          ? []
          : service.ports.map((port) => [`${service.address}:${port.number}`, port.endpoints] as const),
      ),
    );
  }

  socketOf(address: string, port: number): SocketAddress {
    const endpoints = this.#virtual.get(`${address}:${port}`);
    const chosen = endpoints?.[Math.floor(this.#random() * endpoints.length)];
    return chosen === undefined ? this.#direct(address, port) : this.#direct(chosen.placed.address, chosen.port);
  }

  #direct(address: string, port: number): SocketAddress {
    return this.plan.socketOf(address, port) ?? { host: address, port };
  }

  applicationOf(address: string, port: number): SocketAddress {
    return this.#direct(this.plan.applicationAddress(address), port);
  }

  meshAddressOf(host: string): string {
    return this.plan.meshAddressOf(host);
  }

  sourceOf(address: string): string | undefined {
    return this.plan.sourceOf(address);
  }

  localService(host: string): LocalService | undefined {
    return this.#local.get(host);
  }

  resolve(host: string, namespace: string): readonly string[] {
    return this.#names.resolve(host, namespace, (name) => this.#resolveOutside(name));
  }

  #resolveOutside(name: string): readonly string[] {
    if (this.#externals !== undefined) {
      const address = this.#externals.get(name);
      return address === undefined ? [] : [address];
    }
    if (name === 'localhost') return ['127.0.0.1'];
    return name.includes('.') && !name.endsWith(`.${CLUSTER_DOMAIN}`) ? [name] : [];
  }
}

/** `SERVICE.NAMESPACE.localhost` means port 80 of the service, else its first port that may speak HTTP. */
const localNameOf = (service: MeshService): readonly (readonly [string, LocalService])[] => {
  const { name, namespace } = service;
  const spoken = service.ports.filter((port) => port.protocol !== 'tcp');
  const port = (spoken.find((candidate) => candidate.number === 80) ?? spoken[0])?.number;
  const address = service.address ?? service.pods[0]?.address;
  if (port === undefined || address === undefined) return [];
  const authority = port === 80 ? `${name}.${namespace}` : `${name}.${namespace}:${port}`;
  return [[`${name}.${namespace}.localhost`, { authority, address, port }]];
};

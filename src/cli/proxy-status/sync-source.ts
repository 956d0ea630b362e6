import type { Fault } from '../../base/fault.ts';
import type { ProxySync } from '../../envoy/sync-state.ts';

/** A proxy, and who told of it. */
export interface ConnectedProxy extends ProxySync {
  /** Name of the istiod it is connected to. */
  readonly istiod: string;
}

/** A pod with a proxy that no istiod knows. */
export interface LostProxy {
  /** `web-1.shop`. */
  readonly name: string;
  /** Of the pod: `Running`, `Pending`. */
  readonly phase: string;
}

/** How far the proxies of a mesh are in step with their control plane. */
export interface SyncReport {
  /** By name, each once. */
  readonly proxies: readonly ConnectedProxy[];
  readonly lost: readonly LostProxy[];
  /** Why proxies may be missing above. */
  readonly faults: readonly Fault[];
}

/** What a control plane wants a proxy to have. */
export interface WantedConfig {
  readonly istiod: string;
  /** JSON in the form of Envoy's `/config_dump`. */
  readonly dump: string;
}

/** Who knows what proxies were sent and took: the istiods of a cluster, or a mesh on this machine. */
export interface SyncSource {
  /** Throws a Fault where nobody can be asked. */
  report(): Promise<SyncReport>;
  /** Undefined where the proxy, `web-1.shop`, is not connected. */
  wantedBy(proxy: string): Promise<WantedConfig | undefined>;
}

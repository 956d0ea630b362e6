import type { Clock, Random } from '../base/ports.ts';
import type { Identity } from '../ca/certificate.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import type { BucketLevels } from '../traffic/rate-limit.ts';
import type { Cluster, Endpoint, ProxyTables } from '../traffic/tables.ts';
import { fetchText } from './jwt/fetch-text.ts';
import { createKeyStore, type KeyStore } from './jwt/key-store.ts';
import type { Network, ProxyOptions, SocketAddress } from './proxy.ts';
import { createTlsIdentity, type TlsIdentity } from './tls/contexts.ts';
import { SpanReporter } from './tracing/span-reporter.ts';
import { Clusters } from './upstream/clusters.ts';

/** Anything a client's connection is held by; it leaves `members` when the connection is gone. */
export interface Member {
  /** Finish what is under way, then close. */
  drain(): void;
  /** Close now. */
  destroy(): void;
  /** Called about every second, for timeouts that need no precision. */
  sweep(nowMs: number): void;
}

/** What all connections of one proxy share: the tables in force, the identity in force, the pools. */
export class ProxyState {
  tables: ProxyTables;
  tls: TlsIdentity;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRecord: (record: AccessRecord) => void;
  readonly spans: SpanReporter;
  readonly clusters: Clusters;
  readonly tokenKeys: KeyStore;
  /** Of rate limits; what is keyed by a configuration that is gone stays, and is small. */
  readonly bucketLevels: BucketLevels = new Map();
  private readonly members = new Set<Member>();
  private isDraining = false;
  private onEmpty: (() => void) | undefined = undefined;

  constructor(options: ProxyOptions) {
    this.tables = options.tables;
    this.tls = createTlsIdentity(options.identity);
    this.network = options.network;
    this.clock = options.clock;
    this.random = options.random;
    this.spans = new SpanReporter(this);
    this.onRecord = (record) => {
      options.onRecord(record);
      if (record.trace?.isSampled === true) this.spans.add(record);
    };
    this.tokenKeys = createKeyStore({
      monotonicMs: () => this.clock.monotonicMs(),
      fetch: (url, timeoutMs) => fetchText(url, timeoutMs, this.serviceSocketOf(url)),
    });
    this.clusters = new Clusters({
      network: options.network,
      sourceAddress: options.tables.node.address,
      tls: () => this.tls,
      monotonicMs: () => this.clock.monotonicMs(),
    });
  }

  replaceTables(tables: ProxyTables): void {
    this.tables = tables;
    this.clusters.replaceTables(tables);
  }

  replaceIdentity(identity: Identity): void {
    this.tls = createTlsIdentity(identity);
    this.clusters.retireTls();
  }

  /** The socket behind an endpoint; the application itself for a cluster of that kind. */
  socketOf(cluster: Cluster, endpoint: Endpoint): SocketAddress {
    return cluster.kind === 'application'
      ? this.network.applicationOf(endpoint.address, endpoint.port)
      : this.network.socketOf(endpoint.address, endpoint.port);
  }

  /** Any endpoint of the service that a URL names; undefined for a host outside of the mesh. */
  private serviceSocketOf(url: string): SocketAddress | undefined {
    const { hostname, port, protocol } = new URL(url);
    const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
    const cluster = this.tables.clusters.get(`outbound|${number}||${hostname}`);
    const endpoint = cluster?.endpoints[0];
    return endpoint === undefined ? undefined : this.network.socketOf(endpoint.address, endpoint.port);
  }

  add(member: Member): void {
    this.members.add(member);
    if (this.isDraining) member.drain();
  }

  remove(member: Member): void {
    this.members.delete(member);
    if (this.members.size === 0) this.onEmpty?.();
  }

  sweep(): void {
    const nowMs = this.clock.monotonicMs();
    for (const member of this.members) member.sweep(nowMs);
    this.clusters.sweep(nowMs);
    void this.spans.flush();
  }

  /** Resolves when every client is gone, which is after `drainMs` at the latest. */
  async drain(drainMs: number): Promise<void> {
    this.isDraining = true;
    for (const member of [...this.members]) member.drain();
    const timer = setTimeout(() => {
      for (const member of [...this.members]) member.destroy();
    }, drainMs);
    await new Promise<void>((resolve) => {
      this.onEmpty = resolve;
      if (this.members.size === 0) resolve();
    });
    clearTimeout(timer);
    await this.spans.flush();
    this.clusters.destroyAll();
    // Sockets close their handles before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

import type { Resource } from './resource.ts';

/** Whether a pod gets a proxy, and the rule of Istio that decided it, in words for a person. */
export interface SidecarDecision {
  readonly injected: boolean;
  /** `namespace label istio-injection=enabled`, `pod label sidecar.istio.io/inject=false`, `host network`, ... */
  readonly reason: string;
}

interface ContainerPort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly ContainerPort[];
}

/** What stands in front of a pod's traffic. */
export type ProxyMode = 'sidecar' | 'gateway' | 'none';

/** One replica of a workload, as the cluster's controllers would create it. */
export interface Pod {
  /** `WORKLOAD-N` from 0; a bare Pod keeps its own name. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly containers: readonly PodContainer[];
  /** Name of the owner (Deployment, StatefulSet, DaemonSet, Job, ...), the pod's own for a bare Pod. */
  readonly workload: string;
  readonly workloadKind: string;
  readonly replica: number;
  /** `app.kubernetes.io/name`, `app` and `version` by Istio's canonical rules: service.istio.io/canonical-* first. */
  readonly canonicalService: string;
  readonly canonicalRevision: string;
  readonly proxyMode: ProxyMode;
  readonly sidecar: SidecarDecision;
  /** Locality `region/zone/subzone` from the node or the istio-locality label; empty when unknown. */
  readonly locality: string;
  readonly nodeName: string | undefined;
  readonly owner: Resource;
}

/** One part of an installation: where its settings, its chart and its values stand, and what its main object is called. */
export interface Component {
  /** As `--component` takes it, and as its settings are called below `spec.components`. */
  readonly name: string;
  /** Whether `spec.components.NAME` is a list of several. */
  readonly isList: boolean;
  /** Installed without being asked for. */
  readonly isDefault: boolean;
  /** Directories its chart may stand in below `charts`, Istio's first. */
  readonly charts: readonly string[];
  /** Where its values stand among those of all components. */
  readonly valuesRoot: string;
  /** Its chart takes its values without that root. */
  readonly isFlat: boolean;
  readonly workload?: {
    readonly kind: 'Deployment' | 'DaemonSet';
    readonly name: string;
    readonly container: string;
  };
}

/** The components in the order in which they are rendered. */
export const COMPONENTS: readonly Component[] = [
  { name: 'base', isList: false, isDefault: true, charts: ['base'], valuesRoot: 'global', isFlat: false },
  {
    name: 'pilot',
    isList: false,
    isDefault: true,
    charts: ['istio-control/istio-discovery', 'istiod'],
    valuesRoot: 'pilot',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istiod', container: 'discovery' },
  },
  {
    name: 'ingressGateways',
    isList: true,
    isDefault: true,
    charts: ['gateways/istio-ingress', 'gateway'],
    valuesRoot: 'gateways.istio-ingressgateway',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istio-ingressgateway', container: 'istio-proxy' },
  },
  {
    name: 'egressGateways',
    isList: true,
    isDefault: false,
    charts: ['gateways/istio-egress', 'gateway'],
    valuesRoot: 'gateways.istio-egressgateway',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istio-egressgateway', container: 'istio-proxy' },
  },
  {
    name: 'cni',
    isList: false,
    isDefault: false,
    charts: ['istio-cni', 'cni'],
    valuesRoot: 'cni',
    isFlat: false,
    workload: { kind: 'DaemonSet', name: 'istio-cni-node', container: 'install-cni' },
  },
  {
    name: 'ztunnel',
    isList: false,
    isDefault: false,
    charts: ['ztunnel'],
    valuesRoot: 'ztunnel',
    isFlat: true,
    workload: { kind: 'DaemonSet', name: 'ztunnel', container: 'istio-proxy' },
  },
];

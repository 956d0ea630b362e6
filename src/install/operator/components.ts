/** One part of an installation: where its settings, its chart and its values stand, and what its main object is called. */
export interface Component {
  /** As `--component` takes it, and as its settings are called below `spec.components`. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** Whether `spec.components.NAME` is a list of several. */
  readonly isList: boolean;
  /** Installed without being asked for. */
  readonly isDefault: boolean;
  /** Where its chart stands below `charts` in Istio's own tree. */
  readonly chart: string;
  /** Where it stands in heddle's tree. */
  readonly ownChart: string;
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
  {
    name: 'base',
    title: 'Istio core',
    isList: false,
    isDefault: true,
    chart: 'base',
    ownChart: 'base',
    valuesRoot: 'global',
    isFlat: false,
  },
  {
    name: 'pilot',
    title: 'Istiod',
    isList: false,
    isDefault: true,
    chart: 'istio-control/istio-discovery',
    ownChart: 'istiod',
    valuesRoot: 'pilot',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istiod', container: 'discovery' },
  },
  {
    name: 'ingressGateways',
    title: 'Ingress gateways',
    isList: true,
    isDefault: true,
    chart: 'gateways/istio-ingress',
    ownChart: 'gateway',
    valuesRoot: 'gateways.istio-ingressgateway',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istio-ingressgateway', container: 'istio-proxy' },
  },
  {
    name: 'egressGateways',
    title: 'Egress gateways',
    isList: true,
    isDefault: false,
    chart: 'gateways/istio-egress',
    ownChart: 'gateway',
    valuesRoot: 'gateways.istio-egressgateway',
    isFlat: false,
    workload: { kind: 'Deployment', name: 'istio-egressgateway', container: 'istio-proxy' },
  },
  {
    name: 'cni',
    title: 'CNI',
    isList: false,
    isDefault: false,
    chart: 'istio-cni',
    ownChart: 'cni',
    valuesRoot: 'cni',
    isFlat: false,
    workload: { kind: 'DaemonSet', name: 'istio-cni-node', container: 'install-cni' },
  },
  {
    name: 'ztunnel',
    title: 'Ztunnel',
    isList: false,
    isDefault: false,
    chart: 'ztunnel',
    ownChart: 'ztunnel',
    valuesRoot: 'ztunnel',
    isFlat: true,
    workload: { kind: 'DaemonSet', name: 'ztunnel', container: 'istio-proxy' },
  },
];

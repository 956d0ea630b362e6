import type { KubernetesObject } from './resource.ts';
import type * as gatewayApi from './schema/generated/types-gateway-api.ts';
import type * as istio from './schema/generated/types-istio.ts';
import type * as kubernetes from './schema/generated/types-kubernetes.ts';
import type { SchemaSetName } from './schema/schema.ts';

/** An installation as `istioctl install -f` reads it; only the mesh configuration inside concerns the model. */
export interface IstioOperator extends KubernetesObject {
  readonly kind: 'IstioOperator';
  readonly spec?: { readonly meshConfig?: unknown; readonly [field: string]: unknown };
}

/**
 * The type of each kind's objects, in the shape of its newest version. The key is the Kubernetes kind, except where two
 * groups use one word: `Gateway` is Istio's and `KubernetesGateway` that of gateway.networking.k8s.io.
 */
export interface KindTypes {
  readonly AuthorizationPolicy: istio.AuthorizationPolicy;
  readonly DestinationRule: istio.DestinationRule;
  readonly EnvoyFilter: istio.EnvoyFilter;
  readonly Gateway: istio.Gateway;
  readonly IstioOperator: IstioOperator;
  readonly PeerAuthentication: istio.PeerAuthentication;
  readonly ProxyConfig: istio.ProxyConfig;
  readonly RequestAuthentication: istio.RequestAuthentication;
  readonly ServiceEntry: istio.ServiceEntry;
  readonly Sidecar: istio.Sidecar;
  readonly Telemetry: istio.Telemetry;
  readonly TrafficExtension: istio.TrafficExtension;
  readonly VirtualService: istio.VirtualService;
  readonly WasmPlugin: istio.WasmPlugin;
  readonly WorkloadEntry: istio.WorkloadEntry;
  readonly WorkloadGroup: istio.WorkloadGroup;
  readonly BackendTLSPolicy: gatewayApi.BackendTLSPolicy;
  readonly GatewayClass: gatewayApi.GatewayClass;
  readonly GRPCRoute: gatewayApi.GRPCRoute;
  readonly HTTPRoute: gatewayApi.HTTPRoute;
  readonly KubernetesGateway: gatewayApi.KubernetesGateway;
  readonly ListenerSet: gatewayApi.ListenerSet;
  readonly ReferenceGrant: gatewayApi.ReferenceGrant;
  readonly TCPRoute: gatewayApi.TCPRoute;
  readonly TLSRoute: gatewayApi.TLSRoute;
  readonly UDPRoute: gatewayApi.UDPRoute;
  readonly XBackend: gatewayApi.XBackend;
  readonly XBackendTrafficPolicy: gatewayApi.XBackendTrafficPolicy;
  readonly XMesh: gatewayApi.XMesh;
  readonly XTelemetryPolicy: gatewayApi.XTelemetryPolicy;
  readonly ClusterRole: kubernetes.ClusterRole;
  readonly ClusterRoleBinding: kubernetes.ClusterRoleBinding;
  readonly ConfigMap: kubernetes.ConfigMap;
  readonly CronJob: kubernetes.CronJob;
  readonly CustomResourceDefinition: kubernetes.CustomResourceDefinition;
  readonly DaemonSet: kubernetes.DaemonSet;
  readonly Deployment: kubernetes.Deployment;
  readonly Endpoints: kubernetes.Endpoints;
  readonly EndpointSlice: kubernetes.EndpointSlice;
  readonly HorizontalPodAutoscaler: kubernetes.HorizontalPodAutoscaler;
  readonly Ingress: kubernetes.Ingress;
  readonly IngressClass: kubernetes.IngressClass;
  readonly Job: kubernetes.Job;
  readonly MutatingWebhookConfiguration: kubernetes.MutatingWebhookConfiguration;
  readonly Namespace: kubernetes.Namespace;
  readonly NetworkPolicy: kubernetes.NetworkPolicy;
  readonly Node: kubernetes.Node;
  readonly Pod: kubernetes.Pod;
  readonly PodDisruptionBudget: kubernetes.PodDisruptionBudget;
  readonly ReplicaSet: kubernetes.ReplicaSet;
  readonly ReplicationController: kubernetes.ReplicationController;
  readonly Role: kubernetes.Role;
  readonly RoleBinding: kubernetes.RoleBinding;
  readonly Secret: kubernetes.Secret;
  readonly Service: kubernetes.Service;
  readonly ServiceAccount: kubernetes.ServiceAccount;
  readonly StatefulSet: kubernetes.StatefulSet;
  readonly ValidatingWebhookConfiguration: kubernetes.ValidatingWebhookConfiguration;
}

export type KindName = keyof KindTypes;

export interface Kind {
  readonly name: KindName;
  /** As written in `kind:`. */
  readonly kind: string;
  readonly plural: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Served versions, newest first. */
  readonly versions: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  /** Where the schema is; undefined: the object's content is not checked. */
  readonly schemaSet: Exclude<SchemaSetName, 'mesh'> | undefined;
}

const row = (
  schemaSet: Kind['schemaSet'],
  group: string,
  versions: readonly string[],
  name: KindName,
  plural: string,
  options: { readonly scope?: Kind['scope']; readonly kind?: string } = {},
): Kind => ({
  name,
  kind: options.kind ?? name,
  plural,
  group,
  versions,
  scope: options.scope ?? 'Namespaced',
  schemaSet,
});

const NETWORKING = ['v1', 'v1beta1', 'v1alpha3'];
const SECURITY = ['v1', 'v1beta1'];
const CLUSTER = { scope: 'Cluster' } as const;
const GATEWAY_API = 'gateway.networking.k8s.io';
const GATEWAY_API_X = 'gateway.networking.x-k8s.io';

/** Every kind heddle knows, one row each. */
export const KINDS: readonly Kind[] = [
  row('istio', 'networking.istio.io', NETWORKING, 'DestinationRule', 'destinationrules'),
  row('istio', 'networking.istio.io', ['v1alpha3'], 'EnvoyFilter', 'envoyfilters'),
  row('istio', 'networking.istio.io', NETWORKING, 'Gateway', 'gateways'),
  row('istio', 'networking.istio.io', ['v1beta1'], 'ProxyConfig', 'proxyconfigs'),
  row('istio', 'networking.istio.io', NETWORKING, 'ServiceEntry', 'serviceentries'),
  row('istio', 'networking.istio.io', NETWORKING, 'Sidecar', 'sidecars'),
  row('istio', 'networking.istio.io', NETWORKING, 'VirtualService', 'virtualservices'),
  row('istio', 'networking.istio.io', NETWORKING, 'WorkloadEntry', 'workloadentries'),
  row('istio', 'networking.istio.io', NETWORKING, 'WorkloadGroup', 'workloadgroups'),
  row('istio', 'security.istio.io', SECURITY, 'AuthorizationPolicy', 'authorizationpolicies'),
  row('istio', 'security.istio.io', SECURITY, 'PeerAuthentication', 'peerauthentications'),
  row('istio', 'security.istio.io', SECURITY, 'RequestAuthentication', 'requestauthentications'),
  row('istio', 'telemetry.istio.io', ['v1', 'v1alpha1'], 'Telemetry', 'telemetries'),
  row('istio', 'extensions.istio.io', ['v1alpha1'], 'TrafficExtension', 'trafficextensions'),
  row('istio', 'extensions.istio.io', ['v1alpha1'], 'WasmPlugin', 'wasmplugins'),
  row(undefined, 'install.istio.io', ['v1alpha1'], 'IstioOperator', 'istiooperators'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1alpha3'], 'BackendTLSPolicy', 'backendtlspolicies'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1beta1'], 'GatewayClass', 'gatewayclasses', CLUSTER),
  row('gateway-api', GATEWAY_API, ['v1', 'v1beta1'], 'KubernetesGateway', 'gateways', { kind: 'Gateway' }),
  row('gateway-api', GATEWAY_API, ['v1'], 'GRPCRoute', 'grpcroutes'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1beta1'], 'HTTPRoute', 'httproutes'),
  row('gateway-api', GATEWAY_API, ['v1'], 'ListenerSet', 'listenersets'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1beta1'], 'ReferenceGrant', 'referencegrants'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1alpha2'], 'TCPRoute', 'tcproutes'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1alpha3', 'v1alpha2'], 'TLSRoute', 'tlsroutes'),
  row('gateway-api', GATEWAY_API, ['v1', 'v1alpha2'], 'UDPRoute', 'udproutes'),
  row('gateway-api', GATEWAY_API_X, ['v1alpha1'], 'XBackend', 'xbackends'),
  row('gateway-api', GATEWAY_API_X, ['v1alpha1'], 'XBackendTrafficPolicy', 'xbackendtrafficpolicies'),
  row('gateway-api', GATEWAY_API_X, ['v1alpha1'], 'XMesh', 'xmeshes', CLUSTER),
  row('gateway-api', GATEWAY_API_X, ['v1alpha1'], 'XTelemetryPolicy', 'xtelemetrypolicies'),
  row('kubernetes', '', ['v1'], 'ConfigMap', 'configmaps'),
  row('kubernetes', '', ['v1'], 'Endpoints', 'endpoints'),
  row('kubernetes', '', ['v1'], 'Namespace', 'namespaces', CLUSTER),
  row('kubernetes', '', ['v1'], 'Node', 'nodes', CLUSTER),
  row('kubernetes', '', ['v1'], 'Pod', 'pods'),
  row('kubernetes', '', ['v1'], 'ReplicationController', 'replicationcontrollers'),
  row('kubernetes', '', ['v1'], 'Secret', 'secrets'),
  row('kubernetes', '', ['v1'], 'Service', 'services'),
  row('kubernetes', '', ['v1'], 'ServiceAccount', 'serviceaccounts'),
  row('kubernetes', 'apps', ['v1'], 'DaemonSet', 'daemonsets'),
  row('kubernetes', 'apps', ['v1'], 'Deployment', 'deployments'),
  row('kubernetes', 'apps', ['v1'], 'ReplicaSet', 'replicasets'),
  row('kubernetes', 'apps', ['v1'], 'StatefulSet', 'statefulsets'),
  row('kubernetes', 'autoscaling', ['v2', 'v1'], 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  row('kubernetes', 'batch', ['v1'], 'CronJob', 'cronjobs'),
  row('kubernetes', 'batch', ['v1'], 'Job', 'jobs'),
  row('kubernetes', 'discovery.k8s.io', ['v1'], 'EndpointSlice', 'endpointslices'),
  row('kubernetes', 'networking.k8s.io', ['v1'], 'Ingress', 'ingresses'),
  row('kubernetes', 'networking.k8s.io', ['v1'], 'IngressClass', 'ingressclasses', CLUSTER),
  row('kubernetes', 'networking.k8s.io', ['v1'], 'NetworkPolicy', 'networkpolicies'),
  row('kubernetes', 'policy', ['v1'], 'PodDisruptionBudget', 'poddisruptionbudgets'),
  row('kubernetes', 'rbac.authorization.k8s.io', ['v1'], 'ClusterRole', 'clusterroles', CLUSTER),
  row('kubernetes', 'rbac.authorization.k8s.io', ['v1'], 'ClusterRoleBinding', 'clusterrolebindings', CLUSTER),
  row('kubernetes', 'rbac.authorization.k8s.io', ['v1'], 'Role', 'roles'),
  row('kubernetes', 'rbac.authorization.k8s.io', ['v1'], 'RoleBinding', 'rolebindings'),
  row(
    'kubernetes',
    'admissionregistration.k8s.io',
    ['v1'],
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    CLUSTER,
  ),
  row(
    'kubernetes',
    'admissionregistration.k8s.io',
    ['v1'],
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    CLUSTER,
  ),
  row('kubernetes', 'apiextensions.k8s.io', ['v1'], 'CustomResourceDefinition', 'customresourcedefinitions', CLUSTER),
];

const BY_GROUP_KIND: ReadonlyMap<string, Kind> = new Map(KINDS.map((kind) => [`${kind.group}/${kind.kind}`, kind]));

/** Group and version of an `apiVersion`; the core group is empty. */
export const splitApiVersion = (apiVersion: string): { readonly group: string; readonly version: string } => {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
};

/** The row of an object, by its group and kind whatever the version; undefined for kinds heddle does not know. */
export const kindOf = (apiVersion: string, kind: string): Kind | undefined =>
  BY_GROUP_KIND.get(`${splitApiVersion(apiVersion).group}/${kind}`);

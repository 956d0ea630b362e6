import { spanOf } from '../yaml/located.ts';
import { admitsListenerSet, isAttachedTo } from './listener-sets.ts';
import type { Mesh } from './mesh.ts';
import { resolveShortName, serviceFqdn } from './names.ts';
import type { Resource } from './resource.ts';
import type { GatewayClass, KubernetesGateway } from './schema/generated/types-gateway-api.ts';
import type { Deployment, Service } from './schema/generated/types-kubernetes.ts';

const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name';
const GATEWAY_CLASS_LABEL = 'gateway.networking.k8s.io/gateway-class-name';
const CONTROLLER = 'istio.io/gateway-controller';
const NAME_ANNOTATION = 'gateway.istio.io/name-override';
const SERVICE_ACCOUNT_ANNOTATION = 'gateway.istio.io/service-account';
const STATUS_PORT = 15021;

/** Whether gateway proxies of Istio's serve a Gateway: not another controller's, no waypoint, and none of a remote cluster. */
export const isServedByIstio = (
  gateway: Resource<KubernetesGateway>,
  classes: readonly Resource<GatewayClass>[],
): boolean => {
  const { gatewayClassName } = gateway.object.spec;
  const named = classes.find(({ name }) => name === gatewayClassName);
  const isIstio = named === undefined ? gatewayClassName === 'istio' : named.object.spec.controllerName === CONTROLLER;
  return isIstio && gatewayClassName !== 'istio-waypoint' && gatewayClassName !== 'istio-remote';
};

/** Whether the controller runs a proxy of its own for a Gateway; not where addresses point at existing ones. */
const isManaged = ({ addresses = [] }: KubernetesGateway['spec']): boolean =>
  addresses.length === 0 || (addresses.length === 1 && (addresses[0]?.type ?? 'IPAddress') === 'IPAddress');

const deployedName = (gateway: Resource<KubernetesGateway>): string =>
  gateway.annotations[NAME_ANNOTATION] ?? `${gateway.name}-${gateway.object.spec.gatewayClassName}`;

/** Hosts of the Services whose pods serve a Gateway: the controller's own one, or those that its addresses name. */
export const gatewayServices = (gateway: Resource<KubernetesGateway>): readonly string[] => {
  const { spec } = gateway.object;
  if (isManaged(spec)) return [serviceFqdn(deployedName(gateway), gateway.namespace)];
  return (spec.addresses ?? []).flatMap(({ type, value }) =>
    value === undefined || (type ?? 'IPAddress') !== 'Hostname' ? [] : [resolveShortName(value, gateway.namespace)],
  );
};

/**
 * The Deployment and Service that Istio's controller creates for each Gateway of the Gateway API, `NAME-CLASS`, standing
 * where the Gateway stands; nothing where the input brings them along.
 */
export const deployGateways = (mesh: Mesh): readonly Resource[] =>
  mesh
    .of('KubernetesGateway')
    .filter((gateway) => isServedByIstio(gateway, mesh.of('GatewayClass')) && isManaged(gateway.object.spec))
    .flatMap((gateway) => {
      const name = deployedName(gateway);
      return [
        ...(mesh.find('Deployment', gateway.namespace, name) === undefined ? [deploymentOf(gateway, name)] : []),
        ...(mesh.find('Service', gateway.namespace, name) === undefined ? [serviceOf(mesh, gateway, name)] : []),
      ];
    });

const deploymentOf = (gateway: Resource<KubernetesGateway>, name: string): Resource<Deployment> => {
  const { labels, annotations } = metadataOf(gateway);
  const podLabels = {
    ...labels,
    'sidecar.istio.io/inject': 'false',
    'service.istio.io/canonical-name': name,
    'service.istio.io/canonical-revision': 'latest',
  };
  return resourceOf(gateway, name, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: gateway.namespace, labels, annotations, ownerReferences: ownerOf(gateway) },
    spec: {
      selector: { matchLabels: { [GATEWAY_NAME_LABEL]: gateway.name } },
      template: {
        metadata: { labels: podLabels, annotations },
        spec: {
          serviceAccountName: gateway.annotations[SERVICE_ACCOUNT_ANNOTATION] ?? name,
          containers: [{ name: 'istio-proxy', image: 'auto', args: ['proxy', 'router'] }],
        },
      },
    },
  });
};

const serviceOf = (mesh: Mesh, gateway: Resource<KubernetesGateway>, name: string): Resource<Service> => {
  const { labels, annotations } = metadataOf(gateway);
  const ports = new Map([[STATUS_PORT, { name: 'status-port', port: STATUS_PORT, appProtocol: 'tcp' }]]);
  const sets = mesh
    .of('ListenerSet')
    .filter((set) => isAttachedTo(set, gateway) && admitsListenerSet(mesh, gateway, set));
  const listeners = [gateway, ...sets].flatMap(({ object }) => object.spec.listeners ?? []);
  for (const { name: listener, port, protocol } of listeners) {
    if (!ports.has(port)) ports.set(port, { name: listener, port, appProtocol: protocol.toLowerCase() });
  }
  return resourceOf(gateway, name, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: gateway.namespace, labels, annotations, ownerReferences: ownerOf(gateway) },
    spec: {
      type: 'LoadBalancer',
      selector: { [GATEWAY_NAME_LABEL]: gateway.name },
      ports: [...ports.values()].map((port) => ({ ...port, protocol: 'TCP' as const })),
    },
  });
};

const metadataOf = (gateway: Resource<KubernetesGateway>) => {
  const infrastructure = gateway.object.spec.infrastructure;
  return {
    labels: {
      ...infrastructure?.labels,
      [GATEWAY_NAME_LABEL]: gateway.name,
      [GATEWAY_CLASS_LABEL]: gateway.object.spec.gatewayClassName,
    },
    annotations: { ...infrastructure?.annotations },
  };
};

const ownerOf = (gateway: Resource): readonly { readonly kind: string; readonly name: string }[] => [
  { kind: 'Gateway', name: gateway.name },
];

const resourceOf = <T extends Deployment | Service>(gateway: Resource, name: string, object: T): Resource<T> => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name,
  namespace: gateway.namespace,
  labels: object.metadata.labels ?? {},
  annotations: object.metadata.annotations ?? {},
  object,
  order: gateway.order,
  span: spanOf(gateway.object) ?? gateway.span,
});

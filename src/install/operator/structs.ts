import type { GoField, GoStructs } from '../../model/typed/descriptor.ts';

const fields = (types: Readonly<Record<string, string>>): readonly GoField[] =>
  Object.entries(types).map(([json, type]) => ({ go: json, json, type, omitempty: true }));

/** Anything that JSON can hold. */
const ANY = 'pkg/runtime.RawExtension';

const COMPONENT = {
  enabled: '*bool',
  namespace: 'string',
  hub: 'string',
  tag: ANY,
  k8s: '*install/v1alpha1.KubernetesResources',
};

const OPERATOR: GoStructs = {
  'install/v1alpha1.IstioOperator': fields({
    apiVersion: 'string',
    kind: 'string',
    metadata: 'meta/v1.ObjectMeta',
    spec: 'install/v1alpha1.IstioOperatorSpec',
  }),
  'install/v1alpha1.IstioOperatorSpec': fields({
    profile: 'string',
    installPackagePath: 'string',
    hub: 'string',
    tag: ANY,
    namespace: 'string',
    revision: 'string',
    compatibilityVersion: 'string',
    meshConfig: ANY,
    components: '*install/v1alpha1.IstioComponentSpec',
    values: ANY,
    unvalidatedValues: ANY,
  }),
  'install/v1alpha1.IstioComponentSpec': fields({
    base: '*install/v1alpha1.BaseComponentSpec',
    pilot: '*install/v1alpha1.ComponentSpec',
    cni: '*install/v1alpha1.ComponentSpec',
    ztunnel: '*install/v1alpha1.ComponentSpec',
    istiodRemote: '*install/v1alpha1.ComponentSpec',
    ingressGateways: '[]install/v1alpha1.GatewayComponentSpec',
    egressGateways: '[]install/v1alpha1.GatewayComponentSpec',
  }),
  'install/v1alpha1.BaseComponentSpec': fields({ enabled: COMPONENT.enabled, k8s: COMPONENT.k8s }),
  'install/v1alpha1.ComponentSpec': fields(COMPONENT),
  'install/v1alpha1.GatewayComponentSpec': fields({ ...COMPONENT, name: 'string', label: 'map[string]string' }),
  'install/v1alpha1.KubernetesResources': fields({
    affinity: '*core/v1.Affinity',
    env: '[]*core/v1.EnvVar',
    hpaSpec: '*autoscaling/v2.HorizontalPodAutoscalerSpec',
    imagePullPolicy: 'string',
    nodeSelector: 'map[string]string',
    podDisruptionBudget: '*policy/v1.PodDisruptionBudgetSpec',
    podAnnotations: 'map[string]string',
    priorityClassName: 'string',
    readinessProbe: '*core/v1.Probe',
    replicaCount: 'int32',
    resources: '*core/v1.ResourceRequirements',
    service: '*core/v1.ServiceSpec',
    strategy: '*apps/v1.DeploymentStrategy',
    tolerations: '[]*core/v1.Toleration',
    serviceAnnotations: 'map[string]string',
    securityContext: '*core/v1.PodSecurityContext',
    volumes: '[]*core/v1.Volume',
    volumeMounts: '[]*core/v1.VolumeMount',
    overlays: '[]install/v1alpha1.KubernetesOverlay',
  }),
  'install/v1alpha1.KubernetesOverlay': fields({
    apiVersion: 'string',
    kind: 'string',
    name: 'string',
    patches: '[]install/v1alpha1.Patch',
  }),
  'install/v1alpha1.Patch': fields({ path: 'string', value: ANY }),
};

const known = new WeakMap<GoStructs, GoStructs>();

/** The structs of an IstioOperator beside those of Kubernetes, which they hold. */
export const operatorStructs = (kubernetes: GoStructs): GoStructs => {
  const all = known.get(kubernetes) ?? { ...kubernetes, ...OPERATOR };
  known.set(kubernetes, all);
  return all;
};

/** The root of `operatorStructs`. */
export const ISTIO_OPERATOR = 'install/v1alpha1.IstioOperator';

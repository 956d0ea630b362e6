import { type GoMethod, type GoType, pointerTo, STRING, STRING_SLICE } from '../../template/type.ts';
import { GoPointer, GoSlice, GoStruct, type GoValue } from '../../template/value.ts';

/** What charts may ask of the cluster they are rendered for. */
export interface Cluster {
  /** `v1.32.0`. */
  readonly kubeVersion: string;
}

/** What charts are rendered for when no cluster is asked: the oldest Kubernetes that this Istio supports. */
export const OFFLINE: Cluster = { kubeVersion: 'v1.32.0' };

/** The API versions that helm 4.2 takes for granted without a cluster, from Kubernetes' client 0.36. */
const API_VERSIONS = [
  'v1',
  'internal.apiserver.k8s.io/v1alpha1',
  ...['v1', 'v1alpha1', 'v1beta1'].map((version) => `admissionregistration.k8s.io/${version}`),
  ...['v1', 'v1beta1', 'v1beta2'].map((version) => `apps/${version}`),
  ...['v1', 'v1alpha1', 'v1beta1'].map((version) => `authentication.k8s.io/${version}`),
  ...['v1', 'v1beta1'].map((version) => `authorization.k8s.io/${version}`),
  ...['v1', 'v2'].map((version) => `autoscaling/${version}`),
  ...['v1', 'v1beta1'].map((version) => `batch/${version}`),
  ...['v1', 'v1beta1', 'v1alpha1'].map((version) => `certificates.k8s.io/${version}`),
  ...['v1alpha2', 'v1beta1', 'v1'].map((version) => `coordination.k8s.io/${version}`),
  ...['v1', 'v1beta1'].map((version) => `discovery.k8s.io/${version}`),
  ...['v1', 'v1beta1'].map((version) => `events.k8s.io/${version}`),
  'extensions/v1beta1',
  ...['v1', 'v1beta1', 'v1beta2', 'v1beta3'].map((version) => `flowcontrol.apiserver.k8s.io/${version}`),
  ...['v1', 'v1beta1'].map((version) => `networking.k8s.io/${version}`),
  ...['v1', 'v1alpha1', 'v1beta1'].map((version) => `node.k8s.io/${version}`),
  ...['v1', 'v1beta1'].map((version) => `policy/${version}`),
  ...['v1', 'v1beta1', 'v1alpha1'].map((version) => `rbac.authorization.k8s.io/${version}`),
  ...['v1', 'v1beta2', 'v1beta1', 'v1alpha3'].map((version) => `resource.k8s.io/${version}`),
  ...['v1alpha2', 'v1beta1', 'v1'].map((version) => `scheduling.k8s.io/${version}`),
  ...['v1beta1', 'v1', 'v1alpha1'].map((version) => `storage.k8s.io/${version}`),
  'storagemigration.k8s.io/v1beta1',
  ...['v1beta1', 'v1'].map((version) => `apiextensions.k8s.io/${version}`),
];

const fieldOf = (receiver: GoValue, field: string): GoValue =>
  receiver instanceof GoStruct ? receiver.read(field) : '';
const getter = (field: string): GoMethod => ({
  params: [],
  variadic: false,
  call: (receiver) => fieldOf(receiver, field),
});

const strings = (...names: readonly string[]) => names.map((name) => ({ name, type: STRING }));

/** `normalized` stands for an unexported field. */
const KUBE_VERSION: GoType = {
  kind: 'struct',
  name: 'common.KubeVersion',
  fields: strings('Version', 'Major', 'Minor'),
  methods: new Map([
    ['GitVersion', getter('Version')],
    ['String', getter('normalized')],
  ]),
};

const VERSION_SET: GoType<GoSlice> = {
  kind: 'slice',
  name: 'common.VersionSet',
  elem: STRING,
  underlying: STRING_SLICE,
  methods: new Map([
    [
      'Has',
      {
        params: [STRING],
        variadic: false,
        call: (receiver, [version]) =>
          receiver instanceof GoSlice && version !== undefined && receiver.items?.includes(version) === true,
      },
    ],
  ]),
};

const BUILD_INFO: GoType = {
  kind: 'struct',
  name: 'version.BuildInfo',
  fields: strings('Version', 'GitCommit', 'GitTreeState', 'GoVersion', 'KubeClientVersion'),
};

const CAPABILITIES: GoType = {
  kind: 'struct',
  name: 'common.Capabilities',
  fields: [
    { name: 'KubeVersion', type: KUBE_VERSION },
    { name: 'APIVersions', type: VERSION_SET },
    { name: 'HelmVersion', type: BUILD_INFO },
  ],
};

const struct = (type: GoType, fields: Readonly<Record<string, GoValue>>): GoStruct =>
  new GoStruct(type, (name) => fields[name] ?? '');

/** `.Capabilities` of a rendering. */
export const capabilitiesOf = ({ kubeVersion }: Cluster): GoValue => {
  const [normalized = kubeVersion, major = '', minor = ''] = /^v?(\d+)\.(\d+)(?:\.\d+)?/.exec(kubeVersion) ?? [];
  const version = kubeVersion.startsWith('v') ? kubeVersion : `v${kubeVersion}`;
  const kube = { Version: version, Major: major, Minor: minor, normalized: `v${normalized.replace(/^v/, '')}` };
  return new GoPointer(
    pointerTo(CAPABILITIES),
    struct(CAPABILITIES, {
      KubeVersion: struct(KUBE_VERSION, kube),
      APIVersions: new GoSlice(VERSION_SET, API_VERSIONS),
      HelmVersion: struct(BUILD_INFO, { Version: 'v4.2', KubeClientVersion: 'v1.36' }),
    }),
  );
};

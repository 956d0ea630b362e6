import type { ManifestObject } from '../../../install/manifest/object.ts';
import { read } from '../../../install/values/path.ts';
import type { HealthCheck, Trouble } from '../check.ts';

/** Kinds of the Gateway API that istiod watches, in the versions without which it does not, and will not. */
const NEEDED: readonly { readonly version: string; readonly kinds: readonly string[]; readonly code: string }[] = [
  { version: 'v1beta1', kinds: ['Gateway', 'GatewayClass', 'HTTPRoute', 'ReferenceGrant'], code: 'IST0156' },
  { version: 'v1', kinds: ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute'], code: 'IST0172' },
];

const servedVersions = (definition: ManifestObject): readonly string[] => {
  const versions = read(definition.value, 'spec.versions');
  return (Array.isArray(versions) ? versions : [])
    .filter((each) => read(each, 'served') === true)
    .map((each) => String(read(each, 'name')))
    .toSorted();
};

const troublesOf = (definition: ManifestObject): readonly Trouble[] => {
  const versions = servedVersions(definition);
  const kind = String(read(definition.value, 'spec.names.kind'));
  return NEEDED.filter((needed) => needed.kinds.includes(kind) && !versions.includes(needed.version)).map(
    ({ version, code }) => ({
      severity: code === 'IST0156' ? 'error' : 'warning',
      code,
      origin: `CustomResourceDefinition ${definition.name}`,
      message: `The Gateway API CRD version ${versions.join(',') || 'none'} is lower than the minimum version: ${version}`,
      hint: 'install a newer release of the Gateway API',
    }),
  );
};

export const gatewayApi: HealthCheck = {
  id: 'gateway-api',
  category: 'definitions',
  title: 'the Gateway API is recent enough, where there is one',
  why: 'istiod does not watch kinds in older versions: their objects have no effect',
  docs: 'https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/',
  needs: ['definitions'],
  run: ({ definitions }) =>
    definitions.filter(({ name }) => name.endsWith('.gateway.networking.k8s.io')).flatMap(troublesOf),
};

import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';

type Version = readonly [number, number, number];

/** Versions of the Gateway API before which istiod does not watch a kind (Istio 1.31). */
const MINIMUMS: ReadonlyMap<string, Version> = new Map([
  ['backendtlspolicies.gateway.networking.k8s.io', [1, 4, 0]],
  ['grpcroutes.gateway.networking.k8s.io', [1, 1, 0]],
  ['tcproutes.gateway.networking.k8s.io', [1, 6, 0]],
  ['tlsroutes.gateway.networking.k8s.io', [1, 5, 0]],
]);

const BUNDLE_VERSION = 'gateway.networking.k8s.io/bundle-version';
const SEMANTIC = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

/** Without pre-release: `v1.5.0-rc.1` counts as 1.5.0. Undefined for what is no version. */
const parseVersion = (text: string): Version | undefined => {
  const [whole, major, minor = '0', patch = '0'] = SEMANTIC.exec(text) ?? [];
  return whole === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
};

const isBefore = (a: Version, b: Version): boolean => {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
};

/** Istio's `k8sgateway.CRDVersionAnalyzer`. */
export const gatewayApiVersion = defineCheck({
  name: 'k8sgateway.CRDVersionAnalyzer',
  summary: 'Definitions of the Gateway API that are too old for Istio to act on.',
  emits: ['IST0176'],
  *run({ mesh }) {
    for (const resource of mesh.of('CustomResourceDefinition')) {
      const minimum = MINIMUMS.get(resource.name);
      const version = resource.annotations[BUNDLE_VERSION];
      const installed = version === undefined ? undefined : parseVersion(version);
      if (minimum === undefined || version === undefined || installed === undefined) continue;
      if (!isBefore(installed, minimum)) continue;
      const { annotations } = resource.object.metadata;
      const span = annotations === undefined ? undefined : spanOf(annotations, BUNDLE_VERSION);
      const values = { definition: resource.name, version, minimum: `v${minimum.join('.')}` };
      yield finding('IST0176', resource, values, {
        labels: span === undefined ? [] : [{ span, text: 'too old' }],
        effect: 'istiod does not watch this kind: its objects have no effect',
        hint: 'install a newer release of the Gateway API',
      });
    }
  },
});

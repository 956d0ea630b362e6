import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { PeerAuthentication } from '../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../model/selector.ts';
import type { MtlsMode, Origin } from '../tables.ts';
import { originOf, type Report } from './report.ts';

interface EffectiveMtls {
  readonly mode: MtlsMode;
  /** The PeerAuthentication that decided; undefined for Istio's default, PERMISSIVE. */
  readonly origin: Origin | undefined;
}

/** Answers what a pod accepts on its ports: workload over namespace over root namespace, the older of two equals. */
export interface MutualTls {
  of(pod: Pod, port: number): EffectiveMtls;
  /** The pod's ports that a policy names one by one. */
  namedPorts(pod: Pod): readonly number[];
}

const DEFAULT: EffectiveMtls = { mode: 'PERMISSIVE', origin: undefined };

const selectorLabels = (policy: Resource<PeerAuthentication>): Readonly<Record<string, string>> | undefined => {
  const labels = policy.object.spec?.selector?.matchLabels;
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
};

/** Validates and indexes the PeerAuthentications of a mesh. */
export const indexMutualTls = (mesh: Mesh, rootNamespace: string, report: Report): MutualTls => {
  const policies = mesh.of('PeerAuthentication').filter((policy) => {
    const spec = policy.object.spec;
    if (spec?.portLevelMtls !== undefined && selectorLabels(policy) === undefined) {
      report.invalid(policy, 'portLevelMtls needs a selector with labels', [spec, 'portLevelMtls']);
    }
    return !report.isInvalid(policy);
  });
  const wide = policies.filter((policy) => selectorLabels(policy) === undefined);
  const narrow = policies.filter((policy) => selectorLabels(policy) !== undefined);
  const meshWide = modeOf(
    wide.find((policy) => policy.namespace === rootNamespace),
    DEFAULT,
  );
  const workloadPolicy = (pod: Pod): Resource<PeerAuthentication> | undefined =>
    narrow.find(
      (policy) => policy.namespace === pod.namespace && matchesLabels(selectorLabels(policy) ?? {}, pod.labels),
    );
  return {
    of: (pod, port) => {
      const namespaceWide = modeOf(
        wide.find((policy) => policy.namespace === pod.namespace),
        meshWide,
      );
      const own = workloadPolicy(pod);
      const workload = modeOf(own, namespaceWide);
      const ports = own?.object.spec?.portLevelMtls;
      const mode = ports?.[String(port)]?.mode;
      if (own === undefined || ports === undefined || mode === undefined || mode === 'UNSET') return workload;
      return { mode, origin: originOf(own, [ports, String(port)]) };
    },
    namedPorts: (pod) => Object.keys(workloadPolicy(pod)?.object.spec?.portLevelMtls ?? {}).map(Number),
  };
};

const modeOf = (policy: Resource<PeerAuthentication> | undefined, parent: EffectiveMtls): EffectiveMtls => {
  const mtls = policy?.object.spec?.mtls;
  if (policy === undefined || mtls?.mode === undefined || mtls.mode === 'UNSET') return parent;
  return { mode: mtls.mode, origin: originOf(policy, [mtls, 'mode']) };
};

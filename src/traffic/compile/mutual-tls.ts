import { indexSelecting } from '../../model/label-index.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { PeerAuthentication } from '../../model/schema/generated/types-istio.ts';
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

/** What holds for a pod as a whole, and the policy that selects it, which may name ports. */
interface WorkloadMtls {
  readonly own: Resource<PeerAuthentication> | undefined;
  readonly workload: EffectiveMtls;
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
  const wide = new Map<string, Resource<PeerAuthentication>>();
  for (const policy of policies) {
    if (selectorLabels(policy) === undefined && !wide.has(policy.namespace)) wide.set(policy.namespace, policy);
  }
  const meshWide = modeOf(wide.get(rootNamespace), DEFAULT);
  const narrowOf = indexSelecting(
    policies.filter((policy) => selectorLabels(policy) !== undefined),
    (policy) => ({ namespace: policy.namespace, labels: selectorLabels(policy) ?? {} }),
  );
  const known = new WeakMap<Pod, WorkloadMtls>();
  const workloadOf = (pod: Pod): WorkloadMtls => {
    const found = known.get(pod);
    if (found !== undefined) return found;
    const [own] = narrowOf(pod.namespace, pod.labels);
    const made = { own, workload: modeOf(own, modeOf(wide.get(pod.namespace), meshWide)) };
    known.set(pod, made);
    return made;
  };
  return {
    of: (pod, port) => {
      const { own, workload } = workloadOf(pod);
      const ports = own?.object.spec?.portLevelMtls;
      const mode = ports?.[String(port)]?.mode;
      if (own === undefined || ports === undefined || mode === undefined || mode === 'UNSET') return workload;
      return { mode, origin: originOf(own, [ports, String(port)]) };
    },
    namedPorts: (pod) => Object.keys(workloadOf(pod).own?.object.spec?.portLevelMtls ?? {}).map(Number),
  };
};

const modeOf = (policy: Resource<PeerAuthentication> | undefined, parent: EffectiveMtls): EffectiveMtls => {
  const mtls = policy?.object.spec?.mtls;
  if (policy === undefined || mtls?.mode === undefined || mtls.mode === 'UNSET') return parent;
  return { mode: mtls.mode, origin: originOf(policy, [mtls, 'mode']) };
};

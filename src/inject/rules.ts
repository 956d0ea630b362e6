import { type InjectorPolicy, isInjectionRequired } from '../model/sidecar.ts';
import type { Owner } from './deploy-meta.ts';
import type { InjectionRules, Outcome, Verdict } from './inject-object.ts';
import type { InjectablePod } from './pod.ts';

const ENABLED: InjectorPolicy = { policy: 'enabled', neverInjectSelector: [], alwaysInjectSelector: [] };

const HOST_NETWORK = 'host network';
const DISABLED = 'sidecar injection disabled';

const decide = ({ metadata, spec }: InjectablePod, _owner: Owner): Verdict => {
  if (spec.hostNetwork === true) return { injected: false, reason: HOST_NETWORK };
  const isRequired = isInjectionRequired(
    {
      namespace: metadata.namespace ?? '',
      namespaceLabels: {},
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      hostNetwork: false,
    },
    ENABLED,
  );
  return isRequired ? { injected: true, reason: 'given' } : { injected: false, reason: DISABLED };
};

/** Rules of `istioctl kube-inject`: everything it is given is injected, whatever namespaces and the mesh's policy say. */
export const GIVEN_RULES: InjectionRules = { decide, namespaceAnnotations: () => ({}) };

/** What `istioctl kube-inject` says of a workload that it left alone; undefined of one that it injected. */
export const skipWarning = ({ kind, name, namespace, injected, reason }: Outcome): string | undefined => {
  if (injected) return undefined;
  const fullName = JSON.stringify(namespace === '' ? name : `${namespace}/${name}`);
  const subject = kind === '' ? fullName : `${kind} ${fullName}`;
  return `===> Skipping injection because ${subject} has ${reason === HOST_NETWORK ? 'host networking enabled' : reason}`;
};

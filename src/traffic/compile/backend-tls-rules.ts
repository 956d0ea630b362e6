import type { TrafficPolicy } from '../../model/schema/generated/types-istio.ts';
import type { EffectiveRule } from './destination-rules.ts';
import type { BackendTls } from './gateway-api/backend-tls.ts';

/** The rule of the backend's host with its TLS where the rule has none: what a DestinationRule says itself holds. */
export const mergeBackendTls = (rule: EffectiveRule | undefined, backend: BackendTls): EffectiveRule => {
  const { host, namespace, tls, origin, resource } = backend;
  const base: EffectiveRule = rule ?? {
    host,
    namespace,
    exportTo: undefined,
    clientLabels: undefined,
    policy: undefined,
    subsets: [],
    isSelective: false,
    resource,
  };
  return {
    ...base,
    policy: withTls(base.policy ?? {}, backend),
    tlsOrigins: new Map([...(base.tlsOrigins ?? []), [tls, origin]]),
  };
};

const withTls = (policy: TrafficPolicy, { port: number, tls }: BackendTls): TrafficPolicy => {
  if (number === undefined) return { ...policy, tls: policy.tls ?? tls };
  const { portLevelSettings = [] } = policy;
  const isKnown = portLevelSettings.some(({ port }) => port?.number === number);
  return {
    ...policy,
    portLevelSettings: isKnown
      ? portLevelSettings.map((own) => (own.port?.number === number ? { ...own, tls: own.tls ?? tls } : own))
      : [...portLevelSettings, { port: { number }, tls }],
  };
};

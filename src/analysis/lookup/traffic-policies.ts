import type { Resource } from '../../model/resource.ts';
import type {
  DestinationRule,
  DestinationRuleSubset,
  TrafficPolicyPortLevelSetting,
} from '../../model/schema/generated/types-istio.ts';

/** Settings of a DestinationRule as they stand together: for the whole host or a subset, for all ports or one. */
export interface PolicyPart {
  readonly settings: Omit<TrafficPolicyPortLevelSetting, 'port'>;
  readonly subset: DestinationRuleSubset | undefined;
  /** The port they are for; undefined for those of every port without settings of its own. */
  readonly port: number | undefined;
}

/** Every policy of a rule, the host's before its subsets', each followed by its ports'. */
export const policyPartsOf = ({ object: { spec } }: Resource<DestinationRule>): readonly PolicyPart[] => {
  const policies = [
    { subset: undefined, policy: spec?.trafficPolicy },
    ...(spec?.subsets ?? []).map((subset) => ({ subset, policy: subset.trafficPolicy })),
  ];
  return policies.flatMap(({ subset, policy }) => {
    if (policy === undefined) return [];
    const ports = (policy.portLevelSettings ?? []).map((settings) => ({
      settings,
      subset,
      port: settings.port?.number,
    }));
    return [{ settings: policy, subset, port: undefined }, ...ports];
  });
};

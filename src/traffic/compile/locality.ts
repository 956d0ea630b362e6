import type { LoadBalancerLocalityLbSetting } from '../../model/schema/generated/types-istio.ts';
import type { Endpoint } from '../tables.ts';

/**
 * Shares a cluster's load among localities as `distribute` says for the client's own; endpoints of localities that it
 * does not name get nothing. Without a matching rule the endpoints stay as they are.
 */
export const distributeByLocality = (
  endpoints: readonly Endpoint[],
  setting: LoadBalancerLocalityLbSetting | undefined,
  clientLocality: string,
): readonly Endpoint[] => {
  if (setting === undefined || setting.enabled === false) return endpoints;
  const rule = (setting.distribute ?? []).find(({ from = '' }) => matchesLocality(from, clientLocality));
  if (rule === undefined) return endpoints;
  const left = new Set(endpoints);
  const shared: Endpoint[] = [];
  for (const [pattern, share] of Object.entries(rule.to ?? {})) {
    const group = [...left].filter((endpoint) => matchesLocality(pattern, endpoint.locality));
    const total = group.reduce((sum, endpoint) => sum + endpoint.weight, 0);
    for (const endpoint of group) {
      left.delete(endpoint);
      if (share > 0) shared.push({ ...endpoint, weight: (endpoint.weight * share) / total });
    }
  }
  return shared;
};

/** `region/zone/subzone`, where a star or an end takes everything below; an unknown locality matches only a star. */
const matchesLocality = (pattern: string, locality: string): boolean => {
  const parts = locality.split('/');
  for (const [index, wanted] of pattern.split('/').entries()) {
    if (wanted === '*') return true;
    if (wanted !== (parts[index] ?? '')) return false;
  }
  return pattern !== '';
};

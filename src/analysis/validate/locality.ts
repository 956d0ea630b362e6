import type {
  LoadBalancerLocalityLbSetting,
  LoadBalancerZoneAwareLbSetting,
} from '../../model/schema/generated/types-istio.ts';
import type { At, Review } from './review.ts';

const TOPOLOGY_LABELS: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]);

/** The localities seen so far, as paths of region, zone and subzone; a shorter path covers all below it. */
class Localities {
  readonly #taken = new Set<string>();
  readonly #covered = new Set<string>();

  /** Why the locality cannot stand beside those added before; adds it when it can. */
  add(locality: string): string | undefined {
    const star = locality.indexOf('*');
    if (star >= 0 && star !== locality.length - 1) return 'has a "*" that is not at its end';
    const [region = '', zone, ...rest] = locality.split('/');
    const parts = [region, zone, rest.length === 0 ? undefined : rest.join('/')].filter((part) => part !== undefined);
    if (parts.includes('')) return 'has an empty region, zone or subzone';
    // A star is what a missing part means; "*" itself is every locality.
    const significant = parts.at(-1) === '*' ? parts.slice(0, -1) : parts;
    const path = `/${significant.map((part) => `${part}/`).join('')}`;
    const above = significant.map(
      (_, depth) =>
        `/${significant
          .slice(0, depth)
          .map((part) => `${part}/`)
          .join('')}`,
    );
    // Istio lets a wildcard take what more exact localities before it leave over.
    const isCovered = !locality.endsWith('*') && this.#covered.has(path);
    if (this.#taken.has(path) || isCovered || above.some((prefix) => this.#taken.has(prefix))) {
      return 'overlaps with another';
    }
    this.#taken.add(path);
    for (const prefix of above) this.#covered.add(prefix);
    return undefined;
  }
}

const reviewDistribution = (setting: LoadBalancerLocalityLbSetting, review: Review): void => {
  const sources = new Localities();
  for (const entry of setting.distribute ?? []) {
    const { from = '', to = {} } = entry;
    const targets = new Localities();
    let total = 0;
    for (const [locality, weight] of Object.entries(to)) {
      total += weight;
      if (weight < 1 || weight > 100) review.refuse(`weight ${weight} is not from 1 to 100`, [to, locality]);
      const refusal = targets.add(locality);
      if (refusal !== undefined) review.refuse(`locality ${locality} ${refusal}`, [to, locality, 'key']);
    }
    if (total !== 100) review.refuse(`the weights from ${from} sum to ${total}, not to 100`, [entry, 'to', 'key']);
    const refusal = sources.add(from);
    if (refusal !== undefined) review.refuse(`locality ${from} ${refusal}`, [entry, 'from']);
  }
};

/** Failover between regions, which both kinds of locality settings have. */
const reviewFailover = (
  setting: Pick<LoadBalancerLocalityLbSetting, 'failover' | 'failoverPriority'>,
  hasOutlier: boolean,
  review: Review,
): void => {
  const { failover = [], failoverPriority = [] } = setting;
  if ((failover.length > 0 || failoverPriority.length > 0) && !hasOutlier) {
    const key = failover.length > 0 ? 'failover' : 'failoverPriority';
    review.warn('failover needs outlierDetection: without it no endpoint counts as failed', [setting, key, 'key']);
  }
  for (const entry of failover) {
    const { from = '', to = '' } = entry;
    const at: At = [entry, 'to'];
    if (from === to) review.refuse('failover must lead to another region', at);
    if (from.includes('/') || to.includes('/')) review.refuse('failover names regions, without zones', at);
    if (from.includes('*') || to.includes('*')) review.refuse('failover knows no wildcards', at);
  }
};

export const reviewLocality = (
  setting: LoadBalancerLocalityLbSetting | undefined,
  hasOutlier: boolean,
  review: Review,
): void => {
  if (setting === undefined) return;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    review.refuse('distribute and failover exclude each other', [setting, 'failover', 'key']);
    return;
  }
  const topology = failoverPriority.findIndex((label) => TOPOLOGY_LABELS.has(label));
  if (failover.length > 0 && topology >= 0) {
    const message = `failover and the label ${failoverPriority[topology]} in failoverPriority exclude each other`;
    review.refuse(message, [failoverPriority, topology]);
    return;
  }
  reviewDistribution(setting, review);
  reviewFailover(setting, hasOutlier, review);
};

export const reviewZoneAware = (
  setting: LoadBalancerZoneAwareLbSetting | undefined,
  hasOutlier: boolean,
  review: Review,
): void => {
  if (setting === undefined) return;
  const { failoverPriority = [] } = setting;
  failoverPriority.forEach((label, index) => {
    if (!TOPOLOGY_LABELS.has(label)) return;
    review.refuse(`zone-aware balancing handles ${label} itself`, [failoverPriority, index]);
  });
  reviewFailover(setting, hasOutlier, review);
};

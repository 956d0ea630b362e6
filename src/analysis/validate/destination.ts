import type { Destination } from '../../model/schema/generated/types-istio.ts';
import type { Review } from './review.ts';
import { isDnsLabel, isPort, refuseWildcardDomain } from './text-rules.ts';

/** Where a rule sends traffic: host, subset and port. */
export const reviewDestination = (destination: Destination | undefined, review: Review): void => {
  if (destination === undefined) return;
  const { host, subset = '', port } = destination;
  const refusal = host === '*' ? 'would be every host' : refuseWildcardDomain(host);
  if (refusal !== undefined) review.refuse(`destination host "${host}" ${refusal}`, [destination, 'host']);
  if (subset !== '' && !isDnsLabel(subset)) {
    review.refuse(`subset name "${subset}" is no DNS label`, [destination, 'subset']);
  }
  const number = port?.number ?? 0;
  if (port !== undefined && !isPort(number)) review.refuse(`port ${number} is not from 1 to 65535`, [port, 'number']);
};

/** Destinations with weights, the form every kind of route has. */
interface Weighted {
  readonly destination: Destination;
  readonly weight?: number;
}

/** `holder` is the rule that has the `route`. */
export const reviewWeights = (routes: readonly Weighted[], holder: object, review: Review): void => {
  for (const route of routes) {
    reviewDestination(route.destination, review);
    if ((route.weight ?? 0) < 0) review.refuse(`weight ${route.weight} is negative`, [route, 'weight']);
  }
  const total = routes.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (routes.length > 1 && total === 0) {
    review.refuse('no destination has a weight: nothing would receive traffic', [holder, 'route', 'key']);
  }
};

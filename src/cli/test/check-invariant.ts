import { matchesGlob } from '../../base/glob.ts';
import type { PlacedPod } from '../../traffic/compile/world.ts';
import type { AskedRequest, Explanation } from '../../traffic/explain/explanation.ts';
import type { MeshView } from '../../traffic/explain/mesh-view.ts';
import { trace } from '../../traffic/explain/trace.ts';
import { compareOutcome, type Mismatch } from './compare.ts';
import type { Client, Invariant, RequestClass } from './test-file.ts';

/** What became of an invariant; of one that does not hold, the first request that breaks it. */
export interface InvariantResult {
  readonly invariant: Invariant;
  /** Requests of the class. */
  readonly asked: number;
  readonly broken: { readonly asked: AskedRequest; readonly explanation: Explanation } | undefined;
  /** Empty where it holds. */
  readonly mismatches: readonly Mismatch[];
}

const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matchesGlob(pattern, text));

const isClient = ({ pod }: PlacedPod, { namespace, workload, serviceAccount }: Client): boolean =>
  (namespace === undefined || pod.namespace === namespace) &&
  (workload === undefined || pod.workload === workload) &&
  (serviceAccount === undefined || pod.serviceAccount === serviceAccount);

const belongs = (view: MeshView, asked: AskedRequest, wanted: RequestClass): boolean => {
  const { authority, path, method, from, gateway } = asked;
  const { from: client } = wanted;
  const caller = (): PlacedPod | undefined =>
    view.world.pods.find(({ pod }) => from === `${pod.namespace}/${pod.workload}`);
  return (
    fits(wanted.hosts, authority.replace(/:\d+$/, '')) &&
    fits(wanted.paths, path) &&
    fits(wanted.methods, method) &&
    (wanted.gateway === undefined || (gateway !== undefined && isGateway(wanted.gateway, gateway))) &&
    (client === undefined || [caller()].some((placed) => placed !== undefined && isClient(placed, client)))
  );
};

/** `NAMESPACE/WORKLOAD`, or the workload alone. */
const isGateway = (pattern: string, gateway: string): boolean =>
  matchesGlob(pattern, gateway) || matchesGlob(pattern, gateway.slice(gateway.indexOf('/') + 1));

/** Asks the requests of the class; without any there is nothing that holds. */
export const checkInvariant = (
  view: MeshView,
  invariant: Invariant,
  requests: readonly AskedRequest[],
): InvariantResult => {
  const { expect, isNegated } = invariant;
  let asked = 0;
  for (const request of requests) {
    if (!belongs(view, request, invariant.requests)) continue;
    const explanation = trace(view, request);
    // A request that nobody can send breaks nothing.
    if ('code' in explanation) continue;
    asked += 1;
    const found = compareOutcome(expect, explanation);
    const broken = { asked: request, explanation };
    if (!isNegated && found.length > 0) return { invariant, asked, broken, mismatches: found };
    if (isNegated && found.length === 0) {
      const mismatches = [{ field: 'never', expected: 'no such request', actual: 'this one' }];
      return { invariant, asked, broken, mismatches };
    }
  }
  const none = [{ field: 'requests', expected: 'at least one', actual: 'none of the configuration is of this class' }];
  return { invariant, asked, broken: undefined, mismatches: asked === 0 ? none : [] };
};

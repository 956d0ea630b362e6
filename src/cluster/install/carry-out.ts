import { Fault } from '../../base/fault.ts';
import { inParallel } from '../../base/in-parallel.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { inRanks } from '../../install/manifest/order.ts';
import { NEEDS } from '../../install/operator/component-order.ts';
import type { PlannedComponent, PlannedObject } from '../../install/plan/plan.ts';
import type { Cluster } from '../cluster.ts';
import { applyObject } from './apply.ts';
import { removeObjects } from './remove.ts';
import { waitUntilReady } from './wait.ts';

/** What happens while a plan is carried out, as it happens. */
export type InstallEvent =
  | {
      readonly type: 'applied';
      readonly component: string;
      readonly object: ManifestObject;
      readonly change: 'create' | 'change';
    }
  | { readonly type: 'waiting'; readonly component: string; readonly object: ManifestObject; readonly reason: string }
  | { readonly type: 'installed'; readonly component: string }
  | { readonly type: 'failed'; readonly component: string; readonly fault: Fault }
  | { readonly type: 'skipped'; readonly component: string; readonly because: string }
  | { readonly type: 'removed'; readonly component: string; readonly object: ManifestObject };

export interface CarryOutOptions {
  readonly cluster: Cluster;
  /** For the objects of one component to be ready. */
  readonly readinessTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: InstallEvent) => void;
}

/** Objects of one rank do not need each other. */
const AT_ONCE = 4;

/**
 * Carries out a plan: components in parallel, each when what it needs is ready, its objects in their order; then what is
 * left over is removed, unless something failed. Answers the faults, none where all is as planned.
 */
export const carryOut = async (
  components: readonly PlannedComponent[],
  options: CarryOutOptions,
): Promise<readonly Fault[]> => {
  const begun = new Map<string, Promise<Fault | undefined>>();
  const begin = (component: PlannedComponent): Promise<Fault | undefined> => {
    const known = begun.get(component.name);
    if (known !== undefined) return known;
    const needs = components.filter(({ name }) => NEEDS[component.name]?.includes(name) === true);
    const promise = Promise.all(needs.map(begin)).then((faults) => {
      const failed = needs.find((_, at) => faults[at] !== undefined);
      return failed === undefined ? installComponent(component, options) : skip(component, failed.name, options);
    });
    begun.set(component.name, promise);
    return promise;
  };
  const faults = (await Promise.all(components.map(begin))).flatMap((each) => each ?? []);
  return faults.length > 0 ? faults : prune(components, options);
};

/** A component that is not begun fails as what it needs; the fault is told there. */
const skip = (component: PlannedComponent, because: string, { onEvent }: CarryOutOptions): Fault => {
  onEvent({ type: 'skipped', component: component.name, because });
  return new Fault(`${component.name} needs ${because}`, { kind: 'failure', code: 'SKIPPED' });
};

const isApplied = ({ change }: PlannedObject): boolean => change !== 'remove';

const installComponent = async (
  { name, objects }: PlannedComponent,
  { cluster, readinessTimeoutMs, signal, onEvent }: CarryOutOptions,
): Promise<Fault | undefined> => {
  const planned = new Map(objects.filter(isApplied).map((each) => [each.object, each]));
  if (planned.size === 0) return undefined;
  try {
    for (const rank of inRanks([...planned.keys()])) {
      await inParallel(rank, AT_ONCE, async (object) => {
        const change = planned.get(object)?.change;
        if (change !== 'create' && change !== 'change') return;
        await applyObject(cluster, object);
        onEvent({ type: 'applied', component: name, object, change });
      });
    }
    const onWaiting = (object: ManifestObject, reason: string): void =>
      onEvent({ type: 'waiting', component: name, object, reason });
    await waitUntilReady(cluster, [...planned.keys()], { timeoutMs: readinessTimeoutMs, signal, onWaiting });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    onEvent({ type: 'failed', component: name, fault: error });
    return error;
  }
  onEvent({ type: 'installed', component: name });
  return undefined;
};

const prune = async (
  components: readonly PlannedComponent[],
  { cluster, onEvent }: CarryOutOptions,
): Promise<readonly Fault[]> => {
  const owners = new Map(
    components.flatMap(({ name, objects }) =>
      objects.flatMap(({ object, change }) => (change === 'remove' ? [[object, name] as const] : [])),
    ),
  );
  const { failed } = await removeObjects(cluster, [...owners.keys()], (object) =>
    onEvent({ type: 'removed', component: owners.get(object) ?? '', object }),
  );
  return failed.map(({ fault }) => fault);
};

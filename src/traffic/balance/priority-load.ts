/** How well one priority of a cluster is. */
export interface PriorityHealth {
  readonly hosts: number;
  readonly healthy: number;
}

export interface PriorityLoads {
  /** Percentages of the load by priority; together 100. */
  readonly loads: readonly number[];
  /** Priorities that use all of their hosts, healthy or not. */
  readonly panics: readonly boolean[];
}

/** A priority takes all of its load while 100/140 of its hosts are healthy. */
const OVERPROVISIONING = 140;

/**
 * Shares load among priorities as Envoy does: the first takes as much as its health allows, the next what is left.
 * `panicPercent` 0 means no panic. Integer arithmetic throughout, which is Envoy's.
 */
export const shareAmongPriorities = (priorities: readonly PriorityHealth[], panicPercent: number): PriorityLoads => {
  const available = priorities.map(({ hosts, healthy }) =>
    hosts === 0 ? 0 : Math.min(100, Math.floor((OVERPROVISIONING * healthy) / hosts)),
  );
  const total = Math.min(100, sum(available));
  const calm = priorities.map(() => false);
  if (panicPercent === 0 && total === 0) return { loads: allToFirst(priorities.length), panics: calm };
  const panics =
    total === 100
      ? calm
      : priorities.map(({ hosts, healthy }) => (hosts === 0 ? 0 : (100 * healthy) / hosts) < panicPercent);
  if (priorities.length > 0 && panics.every((isPanic) => isPanic)) {
    return { loads: shareByHosts(priorities), panics };
  }
  return { loads: total === 0 ? allToFirst(priorities.length) : shareByAvailability(available), panics };
};

/** The loads when some priorities must not take any, as long as others are available (see RetryPolicy). */
export const shareWithout = (
  priorities: readonly PriorityHealth[],
  excluded: ReadonlySet<number>,
): readonly number[] | undefined => {
  const available = priorities.map(({ hosts, healthy }, priority) =>
    hosts === 0 || excluded.has(priority) ? 0 : Math.min(100, Math.floor((OVERPROVISIONING * healthy) / hosts)),
  );
  return sum(available) === 0 ? undefined : shareByAvailability(available);
};

/** Priorities that the next attempt leaves out; Envoy, as Istio sets it up, looks at every second attempt. */
export const excludedPriorities = (tried: readonly number[]): ReadonlySet<number> | undefined => {
  const counted = tried.length - (tried.length % 2);
  return counted === 0 ? undefined : new Set(tried.slice(0, counted));
};

const shareByAvailability = (available: readonly number[]): readonly number[] => {
  const total = Math.min(100, sum(available));
  let left = 100;
  const loads = available.map((percent) => {
    const load = Math.min(left, Math.floor((percent * 100) / total));
    left -= load;
    return load;
  });
  // What rounding left over.
  return addTo(
    loads,
    available.findIndex((percent) => percent > 0),
    left,
  );
};

/** In total panic every host counts the same, whatever its priority. */
const shareByHosts = (priorities: readonly PriorityHealth[]): readonly number[] => {
  const total = sum(priorities.map(({ hosts }) => hosts));
  if (total === 0) return allToFirst(priorities.length);
  const loads = priorities.map(({ hosts }) => Math.floor((100 * hosts) / total));
  return addTo(
    loads,
    priorities.findIndex(({ hosts }) => hosts > 0),
    100 - sum(loads),
  );
};

/** The priority that serves a draw from 0 to 99. */
export const priorityAt = (loads: readonly number[], draw: number): number => {
  let reached = 0;
  for (const [priority, load] of loads.entries()) {
    reached += load;
    if (draw < reached) return priority;
  }
  return 0;
};

const allToFirst = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => (at === 0 ? 100 : 0));

const addTo = (loads: readonly number[], at: number, more: number): readonly number[] =>
  loads.map((load, index) => (index === at ? load + more : load));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

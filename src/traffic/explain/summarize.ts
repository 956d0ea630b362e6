import type { Branch, Outcome, Result, WorkloadShare } from './explanation.ts';

const outcomeKey = ({ status, flags, cluster, error, policy, redirect, because, grpcStatus }: Branch): string =>
  JSON.stringify([status, flags, cluster, error, policy, redirect, grpcStatus, because]);

const sum = (branches: readonly Branch[]): number =>
  branches.reduce((total, { probability }) => total + probability, 0);

const round = (share: number): number => Math.round(share * 1e6) / 1e6;

/** Likeliest first; the first of equals. */
const byProbability = (groups: Iterable<readonly Branch[]>): readonly (readonly Branch[])[] =>
  [...groups].sort((left, right) => sum(right) - sum(left));

const groupBy = (branches: readonly Branch[], keyOf: (branch: Branch) => string): readonly (readonly Branch[])[] => {
  const groups = new Map<string, Branch[]>();
  for (const branch of branches) {
    const key = keyOf(branch);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [branch]);
    else known.push(branch);
  }
  return byProbability(groups.values());
};

/** Folds the ways a request can go into its likeliest result, and the others beside it. */
export const summarize = (branches: readonly Branch[]): Result => {
  const outcomes = groupBy(branches, outcomeKey);
  const likeliest = groupBy(
    outcomes[0] ?? [],
    ({ cluster, received }) => `${cluster} ${received?.host} ${received?.path}`,
  );
  const main = likeliest[0]?.[0];
  if (main === undefined) throw new RangeError('a request ends in some way');
  const workloads = groupBy(
    branches.filter(({ received }) => received !== undefined && received.workload !== ''),
    ({ received }) => `${received?.workload} ${received?.version}`,
  ).flatMap((group): readonly WorkloadShare[] => {
    const received = group[0]?.received;
    return received === undefined
      ? []
      : [{ name: received.workload, version: received.version, share: round(sum(group)) }];
  });
  return {
    status: main.status,
    flags: main.flags,
    cluster: main.cluster,
    host: main.received?.host ?? null,
    path: main.received?.path ?? null,
    workloads,
    redirect: main.redirect ?? null,
    policy: main.policy ?? null,
    ...(main.grpcStatus === undefined ? {} : { grpcStatus: main.grpcStatus }),
    ...(main.error === undefined ? {} : { error: main.error }),
    ...(outcomes.length === 1 ? {} : { outcomes: outcomes.flatMap(outcomeOf) }),
  };
};

const outcomeOf = (group: readonly Branch[]): readonly Outcome[] => {
  const [first] = group;
  if (first === undefined) return [];
  const { status, flags, cluster, because } = first;
  return [{ probability: round(sum(group)), status, flags, cluster, because }];
};

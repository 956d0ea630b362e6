/** Takes turns by weight: out of any number of turns, each member gets its share but for one. */
export interface Schedule<Member> {
  /** Whose turn it is; `weigh` says what weight the member goes on with. */
  next(weigh: (member: Member) => number): Member | undefined;
}

interface Turn<Member> {
  readonly member: Member;
  deadline: number;
  order: number;
}

/**
 * Envoy's earliest-deadline-first scheduler: a member's next turn comes 1/weight after its last. Members with weight 0
 * have no turn. Linear in the members, which are few.
 */
export const createSchedule = <Member>(
  members: readonly Member[],
  weigh: (member: Member) => number,
): Schedule<Member> => {
  let order = 0;
  let now = 0;
  const turns: Turn<Member>[] = [];
  for (const member of members) {
    const weight = weigh(member);
    if (weight > 0) turns.push({ member, deadline: 1 / weight, order: order++ });
  }
  return {
    next: (weighAgain) => {
      let first = turns[0];
      if (first === undefined) return undefined;
      for (const turn of turns) {
        if (turn.deadline < first.deadline || (turn.deadline === first.deadline && turn.order < first.order)) {
          first = turn;
        }
      }
      now = first.deadline;
      const weight = weighAgain(first.member);
      first.deadline = weight > 0 ? now + 1 / weight : Number.POSITIVE_INFINITY;
      first.order = order++;
      return first.member;
    },
  };
};

/** Why something cannot be injected, as a sentence without final period; thrown within this room, caught at its doors. */
export class Refusal extends Error {}

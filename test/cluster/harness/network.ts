/** Addresses of pods; all of them are local in the namespace that `isolate.ts` makes. */
export const POD_CIDR = '10.244.0.0/16';

/** The variable by which `isolate.ts` says that pods' addresses are local. */
export const ISOLATED = 'HEDDLE_TEST_ISOLATED';

/** Why no program can have a pod's address here; undefined where it can. */
export const lacksPodNetwork = (): string | undefined =>
  process.env[ISOLATED] === undefined ? 'needs network namespaces: run npm run test:cluster on Linux' : undefined;

/** User and group that a proxy runs as. */
export interface ProxyIds {
  readonly uid: number;
  readonly gid: number;
}

const DEFAULT_ID = 1337;
const UID_RANGE = 'openshift.io/sa.scc.uid-range';
const GROUPS = 'openshift.io/sa.scc.supplemental-groups';

/** The last number of `START/SIZE` or `START-END`, in 32 bits. */
const endOfBlock = (text: string | undefined): number | undefined => {
  const [, start, sign, second] = /^\s*(\d+)([/-])(\d+)/.exec(text ?? '') ?? [];
  if (start === undefined) return undefined;
  const [from, number] = [Number(start), Number(second)];
  if (from >= 2 ** 32 || number >= 2 ** 32) return undefined;
  return sign === '/' ? (from + number - 1) >>> 0 : number;
};

/** What OpenShift has set aside for a namespace by its annotations; 1337 elsewhere. */
export const proxyIds = (annotations: Readonly<Record<string, string>>): ProxyIds => {
  const blocks = (annotations[GROUPS] ?? annotations[UID_RANGE])?.split(',').map(endOfBlock) ?? [];
  const gid = blocks.includes(undefined) ? undefined : blocks[0];
  return { uid: endOfBlock(annotations[UID_RANGE]) ?? DEFAULT_ID, gid: gid ?? DEFAULT_ID };
};

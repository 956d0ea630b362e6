/** The scope of what every namespace sees. */
export const EVERYWHERE = '*';

/** The namespaces an `exportTo` names, without repetition; `*` alone where it is absent or has `*`. */
export const exportScopes = (exportTo: readonly string[] | undefined, own: string): readonly string[] => {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes(EVERYWHERE)) return [EVERYWHERE];
  return [...new Set(exportTo.map((entry) => (entry === '.' ? own : entry)))];
};

import { GoMap, GoSlice, type GoValue } from '../value.ts';

const isNested = (value: GoValue): value is GoMap | GoSlice =>
  (value instanceof GoMap && value.type.elem?.kind === 'interface') ||
  (value instanceof GoSlice && value.type.elem?.kind === 'interface');

const holdsNil = (value: GoValue): boolean => {
  if (value === null) return true;
  if (!isNested(value)) return false;
  return value instanceof GoMap
    ? [...(value.entries?.values() ?? [])].some(holdsNil)
    : (value.items ?? []).some(holdsNil);
};

/**
 * A value without the nils in its maps and lists, and without the maps and lists that have nothing else; a value that has
 * none is returned itself.
 */
export const omitNil = (value: GoValue): GoValue => {
  if (!isNested(value) || !holdsNil(value)) return value;
  if (value instanceof GoMap) {
    const kept = Array.from(value.entries ?? [], ([key, item]) => [key, omitNil(item)] as const).filter(
      ([, item]) => item !== null,
    );
    return kept.length === 0 ? null : new GoMap(value.type, new Map(kept));
  }
  const kept = (value.items ?? []).map(omitNil).filter((item) => item !== null);
  return kept.length === 0 ? null : new GoSlice(value.type, kept);
};

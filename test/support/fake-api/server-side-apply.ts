import { isDeepStrictEqual } from 'node:util';

/** Who owns which fields: manager to paths such as `spec/ports/name=http/port`. */
export type Owners = ReadonlyMap<string, ReadonlySet<string>>;

export type Applied =
  | { readonly object: Json; readonly owners: Owners }
  | { readonly conflicts: readonly { readonly manager: string; readonly path: string }[] };

type Json = Readonly<Record<string, unknown>>;

/** Lists of objects with one of these keys are merged by it, as the schemas of Kubernetes say of most; others are one value. */
const LIST_KEYS = ['name', 'containerPort', 'port', 'type', 'key', 'uid', 'mountPath'];
/** Fields the server alone writes. */
const SERVER_FIELDS = new Set(['apiVersion', 'kind', 'metadata/name', 'metadata/namespace', 'metadata/managedFields']);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listKey = (list: readonly unknown[]): string | undefined =>
  list.length > 0 && list.every(isObject)
    ? LIST_KEYS.find(
        (key) =>
          new Set(list.map((item) => (item as Json)[key])).size === list.length &&
          list.every((item) => (item as Json)[key] !== undefined),
      )
    : undefined;

/** Every leaf of a value by path. */
const leavesOf = (value: unknown, path = ''): readonly (readonly [string, unknown])[] => {
  const below = path === '' ? '' : `${path}/`;
  if (isObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, field]) => leavesOf(field, `${below}${key.replaceAll('/', '~1')}`));
  const key = Array.isArray(value) ? listKey(value) : undefined;
  if (key === undefined) return [[path, value]];
  return (value as readonly Json[]).flatMap((item) =>
    leavesOf(item, `${below}${key}=${String(item[key]).replaceAll('/', '~1')}`),
  );
};

const merge = (live: unknown, applied: unknown): unknown => {
  if (isObject(live) && isObject(applied))
    return Object.fromEntries([
      ...Object.entries(live).filter(([key]) => !(key in applied)),
      ...Object.entries(applied).map(([key, value]) => [key, merge(live[key], value)]),
    ]);
  const key = Array.isArray(applied) && Array.isArray(live) ? listKey(applied) : undefined;
  if (key === undefined) return applied;
  const [before, after] = [live as readonly Json[], applied as readonly Json[]];
  const merged = before.map((item) => merge(item, after.find((other) => other[key] === item[key]) ?? item));
  return [...merged, ...after.filter((item) => !before.some((other) => other[key] === item[key]))];
};

/** The value without one leaf, and without what held nothing else. */
const without = (value: unknown, [step = '', ...rest]: readonly string[]): unknown => {
  if (Array.isArray(value)) {
    const [, key = '', text = ''] = /^([^=]+)=(.*)$/s.exec(step) ?? [];
    return value.flatMap((item: Json) => {
      if (String(item[key]).replaceAll('/', '~1') !== text) return [item];
      const left = without(item, rest);
      return isObject(left) && Object.keys(left).every((name) => name === key) ? [] : [left];
    });
  }
  if (!isObject(value)) return value;
  const name = step.replaceAll('~1', '/');
  const { [name]: field, ...others } = value;
  if (field === undefined) return value;
  const left = rest.length === 0 ? undefined : without(field, rest);
  const isEmpty =
    left === undefined ||
    (isObject(left) && Object.keys(left).length === 0) ||
    (Array.isArray(left) && left.length === 0);
  return isEmpty ? others : { ...value, [name]: left };
};

/** One manager's apply: conflicts where it changes what others own and does not force, gives up what it no longer mentions. */
export const serverSideApply = (
  live: Json,
  owners: Owners,
  applied: Json,
  manager: string,
  force: boolean,
): Applied => {
  const wanted = new Map(leavesOf(applied).filter(([path]) => !SERVER_FIELDS.has(path)));
  const present = new Map(leavesOf(live));
  const others = [...owners].filter(([name]) => name !== manager);
  const taken = others.flatMap(([name, paths]) =>
    [...paths]
      .filter((path) => wanted.has(path) && !isDeepStrictEqual(present.get(path), wanted.get(path)))
      .map((path) => ({ manager: name, path })),
  );
  if (taken.length > 0 && !force) return { conflicts: taken };
  const next = new Map<string, ReadonlySet<string>>();
  for (const [name, paths] of others) {
    const kept = [...paths].filter((path) => !taken.some((loss) => loss.manager === name && loss.path === path));
    if (kept.length > 0) next.set(name, new Set(kept));
  }
  const dropped = [...(owners.get(manager) ?? [])].filter(
    (path) => !wanted.has(path) && ![...next.values()].some((paths) => paths.has(path)),
  );
  next.set(manager, new Set(wanted.keys()));
  const cleaned = dropped.reduce<unknown>((value, path) => without(value, path.split('/')), live);
  return { object: merge(cleaned, applied) as Json, owners: next };
};

/** The paths a manager owns after it wrote the whole object: those it changed, and those it had that are still there. */
export const ownersAfterUpdate = (before: Json, after: Json, owners: Owners, manager: string): Owners => {
  const [old, now] = [new Map(leavesOf(before)), new Map(leavesOf(after))];
  const changed = [...now]
    .filter(([path, value]) => !SERVER_FIELDS.has(path) && !isDeepStrictEqual(old.get(path), value))
    .map(([path]) => path);
  const next = new Map(
    [...owners].map(([name, paths]) => [
      name,
      new Set([...paths].filter((path) => now.has(path) && !changed.includes(path))),
    ]),
  );
  next.set(manager, new Set([...(next.get(manager) ?? []), ...changed]));
  return next;
};

/** `metadata.managedFields` of the owners; the manager's own paths as a tree of `f:` and `k:` keys. */
export const managedFieldsOf = (owners: Owners, apiVersion: string): readonly Json[] =>
  [...owners]
    .filter(([, paths]) => paths.size > 0)
    .map(([manager, paths]) => {
      const fieldsV1: Record<string, unknown> = {};
      for (const path of paths) {
        let node = fieldsV1;
        for (const step of path.split('/')) {
          const [, key, value] = /^(name|containerPort|port|type|key|uid|mountPath)=(.*)$/s.exec(step) ?? [];
          const name = key === undefined ? `f:${step.replaceAll('~1', '/')}` : `k:${JSON.stringify({ [key]: value })}`;
          node[name] ??= {};
          node = node[name] as Record<string, unknown>;
        }
      }
      return { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1 };
    });

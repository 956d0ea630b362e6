import { RE2JS } from 're2js';
import type { Problem } from '../../base/problem.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import { createPlain, type Plain } from '../../yaml/plain.ts';
import { type ManifestObject, manifestObject } from '../manifest/object.ts';
import { cloneValue } from '../values/overlay.ts';
import { formatPath, parsePath, type Step } from '../values/path.ts';
import type { ComponentSpec } from './component-spec.ts';
import type { Changed } from './settings.ts';

/** Applies `k8s.overlays`: patches by path to objects by kind and name. A path that leads nowhere is a warning. */
export const applyOverlays = ({ settings }: ComponentSpec, objects: readonly ManifestObject[]): Changed => {
  const overlays = settings?.['overlays'];
  const problems: Problem[] = [];
  let current = objects;
  for (const each of Array.isArray(overlays) ? overlays.filter(isObject) : []) {
    const { kind, name, patches } = each;
    const isMeant = (object: ManifestObject): boolean => object.kind === kind && object.name === name;
    if (!current.some(isMeant)) {
      problems.push(ignored(`there is no ${String(kind)} ${String(name)} for an overlay of k8s.overlays`));
    }
    current = current.map((object) => (isMeant(object) ? patchObject(object, patches, problems) : object));
  }
  return { objects: current, problems };
};

const ignored = (message: string): Problem => ({ severity: 'warning', code: 'OVERLAY_IGNORED', message });

const patchObject = (object: ManifestObject, patches: unknown, problems: Problem[]): ManifestObject => {
  const value = cloneValue(object.value);
  for (const patch of Array.isArray(patches) ? patches.filter(isObject) : []) {
    const path = parsePath(String(patch['path'] ?? ''));
    const wrong = writeOverlay(value, path, patch['value']);
    if (wrong !== undefined) {
      problems.push(
        ignored(`the overlay of ${object.kind} ${object.name} at ${formatPath(path)} does nothing: ${wrong}`),
      );
    }
  }
  return manifestObject(value);
};

/** Sets what the path leads to, or removes it where the value is unset; why not, where it leads nowhere. */
const writeOverlay = (root: Plain, path: readonly Step[], value: unknown): string | undefined => {
  let place: unknown = root;
  for (const [at, step] of path.entries()) {
    const key = keyIn(place, step);
    if (key === undefined) return `${formatPath(path.slice(0, at + 1))} is not found`;
    const next = path[at + 1];
    if (next === undefined) put(place, key, value);
    else place = enter(place, key, next);
  }
  return undefined;
};

/**
 * The key or index of a step in a container: of a list, also the one behind its end; in a mapping, brackets are taken for a
 * key, as istioctl takes them.
 */
const keyIn = (place: unknown, step: Step): string | number | undefined => {
  if (isObject(place)) return step.kind === 'key' ? step.key : formatPath([step]).replace(/^\.?/, '');
  if (!Array.isArray(place)) return undefined;
  const index = findIn(place, step);
  if (index >= 0) return index;
  return step.kind === 'index' ? place.length : undefined;
};

/** What stands at a key: where nothing does, a new mapping; where null does, what the next step needs. */
const enter = (place: unknown, key: string | number, next: Step): unknown => {
  const map = place as Record<string | number, unknown>;
  const isEmptyList = map[key] === null && next.kind !== 'key';
  map[key] ??= isEmptyList ? [] : createPlain();
  return map[key];
};

const isUnset = (value: unknown): boolean => value === undefined || value === null;

const put = (place: unknown, key: string | number, value: unknown): void => {
  if (Array.isArray(place) && isUnset(value)) place.splice(Number(key), 1);
  else if (isUnset(value)) delete (place as Plain)[key];
  else (place as Plain)[key] = asWritten(value);
};

/** Text that is a YAML mapping stands for that mapping; JSON in text stays text. */
const asWritten = (value: unknown): unknown => {
  if (typeof value !== 'string' || !(value.includes('\n') ? value.includes(':') : value.includes(': ')))
    return cloneValue(value);
  if (/^\s*\{/.test(value)) return value;
  const { documents, problems } = loadYaml({ name: 'value', text: value });
  const [first] = documents;
  return problems.length === 0 && isObject(first?.value) ? first.value : value;
};

/** The item a step means: of mappings by a key's value, of scalars by a pattern that occurs in them. */
const findIn = (list: readonly unknown[], step: Step): number => {
  if (step.kind === 'key') return -1;
  if (step.kind === 'index') return step.index >= 0 && step.index < list.length ? step.index : -1;
  const pattern = step.key === '' ? step.value : `${step.key}:${step.value}`;
  return list.findIndex((item) =>
    isObject(item) ? String(item[step.key]) === step.value : occurs(pattern, String(item)),
  );
};

const occurs = (pattern: string, text: string): boolean => {
  try {
    return RE2JS.compile(pattern).matcher(text).find();
  } catch {
    return pattern === text;
  }
};

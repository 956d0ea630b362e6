import type { Container, LifecycleHandler, Probe } from '../model/schema/generated/types-kubernetes.ts';
import { isObject } from '../model/value.ts';
import { changedProbePath, HANDLERS, handlerPath, PROBES, probePath } from './probe-paths.ts';

type Action = Pick<Probe, 'httpGet' | 'tcpSocket' | 'grpc'>;

/** The probers that the agent was told, by path. */
export type KeptProbers = Readonly<Record<string, unknown>>;

/** Reads the environment variable of the agent; what is no mapping holds none. */
export const readProbers = (text: string | undefined): KeptProbers => {
  try {
    const json: unknown = JSON.parse(text ?? '{}');
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
};

const actionOf = (prober: unknown): Action | undefined => {
  if (!isObject(prober)) return undefined;
  const { timeoutSeconds: _timeout, ...action } = prober;
  return action as Action;
};

const restored = <T extends Probe | LifecycleHandler>(check: T, path: string, probers: KeptProbers): T => {
  const action = changedProbePath(check) === path ? actionOf(probers[path]) : undefined;
  if (action === undefined) return check;
  const { httpGet: _agent, ...rest } = check;
  return { ...rest, ...action } as T;
};

/** A container with the checks it had before the agent took them over; named ports come back as numbers. */
export const restoreProbes = (container: Container, probers: KeptProbers): Container => {
  const changed: { -readonly [K in keyof Container]: Container[K] } = { ...container };
  for (const [field, check] of PROBES) {
    const probe = container[field];
    if (probe !== undefined) changed[field] = restored(probe, probePath(container.name, check), probers);
  }
  for (const [field, check] of HANDLERS) {
    const handler = changed.lifecycle?.[field];
    if (handler === undefined) continue;
    const before = restored(handler, handlerPath(container.name, check), probers);
    changed.lifecycle = { ...changed.lifecycle, [field]: before };
  }
  return changed;
};

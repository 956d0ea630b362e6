import type { LifecycleHandler, Probe } from '../model/schema/generated/types-kubernetes.ts';

/** Fields of a container that hold probes, and the last part of the agent's paths for them. */
export const PROBES = [
  ['readinessProbe', 'readyz'],
  ['livenessProbe', 'livez'],
  ['startupProbe', 'startupz'],
] as const;

/** The same for its lifecycle. */
export const HANDLERS = [
  ['preStop', 'prestopz'],
  ['postStart', 'poststartz'],
] as const;

export const probePath = (container: string, check: string): string => `/app-health/${container}/${check}`;
export const handlerPath = (container: string, check: string): string => `/app-lifecycle/${container}/${check}`;

/** The path that a check asks for over HTTP, which is the agent's where it has taken the check over. */
export const changedProbePath = (check: Probe | LifecycleHandler): string | undefined => check.httpGet?.path;

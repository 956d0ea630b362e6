import { createFaults, type FaultMatch } from './faults.ts';
import type { ApiRequest } from './request.ts';
import { Refused, type Store } from './store.ts';
import { createStreams, type ExecResult } from './streams.ts';

/** Everything a request can meet: what there is, and what a test has set. */
export type Scene = ReturnType<typeof createScene>;

/** A scene in which every request is allowed and succeeds. */
export const createScene = (store: Store, gitVersion: string) => ({
  store,
  gitVersion,
  streams: createStreams(),
  requests: [] as ApiRequest[],
  faults: createFaults(),
  forbidden: [] as Pick<FaultMatch, 'verb' | 'resource'>[],
  /** `namespace/pod:port` to a local port. */
  forwards: new Map<string, number>(),
  /** `namespace/pod` to its log. */
  logs: new Map<string, string>(),
  /** What ends each watch that is open. */
  watches: new Set<() => void>(),
  onWatch: (): void => undefined,
  exec: (_command: readonly string[], _pod: string): ExecResult => ({}),
});

/** Whether access rules forbid it. */
export const isForbidden = (scene: Scene, { verb, resource }: Pick<ApiRequest, 'verb' | 'resource'>): boolean =>
  scene.forbidden.some((match) => (match.verb ?? verb) === verb && (match.resource ?? resource) === resource);

/** The refusal of a forbidden request, in the API server's words. */
export const forbiddenError = ({ verb, resource, namespace }: ApiRequest): Refused => {
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new Refused(
    403,
    'Forbidden',
    `${resource} is forbidden: User "test" cannot ${verb} resource "${resource}" ${scope}`,
  );
};

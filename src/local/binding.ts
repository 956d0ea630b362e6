import type { Problem } from '../base/problem.ts';
import type { Pod } from '../model/pod.ts';
import { resourceId } from '../model/resource.ts';
import type { SocketAddress } from '../proxy/proxy.ts';
import { spanOf } from '../yaml/located.ts';

/** Pod annotation that names the process behind a pod: `3000`, `127.0.0.1:3000` or `[::1]:3000`. */
export const APP_ANNOTATION = 'local.heddle.dev/app';

const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost|::1)$/;

/** Reads `PORT` or `LOOPBACK:PORT`; undefined when it is neither. */
export const parseBinding = (text: string): SocketAddress | undefined => {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-f:]+)\]:|([^:[\]]+):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain ?? '127.0.0.1';
  const port = Number(digits);
  // Only this machine: a sidecar that forwards elsewhere would be an open relay in the workload's name.
  return port >= 1 && port <= 65535 && LOOPBACK.test(host) ? { host, port } : undefined;
};

/** Problems of annotations that should name a process and do not, one per owner of the pods. */
export const bindingProblems = (pods: readonly Pod[]): readonly Problem[] => {
  const wrong = new Map(
    pods
      .filter((pod) => {
        const text = pod.annotations[APP_ANNOTATION];
        return text !== undefined && parseBinding(text) === undefined;
      })
      .map((pod) => [pod.owner, pod]),
  );
  return [...wrong].map(([owner, pod]) => ({
    severity: 'error',
    code: 'BAD_BINDING',
    message: `annotation ${APP_ANNOTATION} is "${pod.annotations[APP_ANNOTATION]}"`,
    span: spanOf(pod.annotations, APP_ANNOTATION) ?? owner.span,
    resource: resourceId(owner),
    hint: 'give a port, or a loopback address with a port such as 127.0.0.1:3000',
  }));
};

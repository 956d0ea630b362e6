import { Fault } from '../../base/fault.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import type { Context } from '../command.ts';
import { createDumpFile } from './dump-file.ts';
import { createLocalAdmin } from './local-admin.ts';
import { createPodAdmin } from './pod-admin.ts';

/** Envoy's admin interface as the commands use it, whoever answers: a file, a pod, or a mesh on this machine. */
export interface ProxyAdmin {
  /** Whose answers these are, for messages: a file's name, or a pod's. */
  readonly name: string;
  /** The text of `/config_dump`, with the query string that asks for the wanted part; a file gives what it holds. */
  configDump(query: string): Promise<string>;
  /** The text of `/clusters?format=json`. */
  clusters(): Promise<string>;
}

/** Which proxy a command was asked about, and how to reach it. */
export interface ProxyTarget extends ClusterFlags {
  /** `[TYPE/]NAME[.NAMESPACE]` */
  readonly pod: string | undefined;
  readonly file: string | undefined;
  /** Of the mesh on this machine. */
  readonly local: boolean;
  readonly namespace: string | undefined;
  readonly proxyAdminPort: number;
}

/** Refuses flags that say which cluster where the mesh on this machine is meant. */
export const refuseClusterFlags = ({ kubeconfig, context, as, asUid, asGroup }: ClusterFlags): void => {
  if ([kubeconfig, context, as, asUid, ...asGroup].every((given) => given === undefined)) return;
  throw new Fault('--local is about the mesh on this machine, and other flags are about a cluster', {
    kind: 'usage',
    code: 'CONFLICTING_FLAGS',
    hint: 'leave out --local, or --kubeconfig, --context and --as',
  });
};

/** Finds who answers for a proxy; a usage Fault unless exactly one of pod and file is given. Nothing is asked yet. */
export const openProxy = (target: ProxyTarget, context: Context): ProxyAdmin => {
  const { pod, file, local, namespace } = target;
  if (local) refuseClusterFlags(target);
  if (local && file !== undefined)
    throw new Fault(`both --local and the file ${file} are named`, {
      kind: 'usage',
      code: 'WHICH_PROXY',
      hint: 'give a proxy with --local, or a dump with -f FILE',
    });
  if (pod !== undefined && local) return createLocalAdmin(pod, namespace, context);
  if (pod !== undefined && file === undefined) return createPodAdmin(pod, target, context);
  if (pod === undefined && file !== undefined) return createDumpFile(file, context.io);
  throw new Fault(pod === undefined ? 'no proxy is named' : `both the pod ${pod} and the file ${file} are named`, {
    kind: 'usage',
    code: 'WHICH_PROXY',
    hint: 'give either a pod, or a dump with -f FILE (- for standard input)',
  });
};

import { Fault } from '../../base/fault.ts';
import type { ClusterFlags } from '../cluster/flags.ts';
import type { Context } from '../command.ts';
import { createDumpFile } from './dump-file.ts';
import { createPodAdmin } from './pod-admin.ts';

/** Envoy's admin interface as the commands use it, whoever answers: a file or a pod. */
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
  readonly namespace: string | undefined;
  readonly proxyAdminPort: number;
}

/** Finds who answers for a proxy; a usage Fault unless exactly one of pod and file is given. Nothing is asked yet. */
export const openProxy = (target: ProxyTarget, context: Context): ProxyAdmin => {
  const { pod, file } = target;
  if (pod !== undefined && file === undefined) return createPodAdmin(pod, target, context);
  if (pod === undefined && file !== undefined) return createDumpFile(file, context.io);
  throw new Fault(pod === undefined ? 'no proxy is named' : `both the pod ${pod} and the file ${file} are named`, {
    kind: 'usage',
    code: 'WHICH_PROXY',
    hint: 'give either a pod, or a dump with -f FILE (- for standard input)',
  });
};

import { Fault } from '../../base/fault.ts';
import type { Io } from '../io.ts';
import { createDumpFile } from './dump-file.ts';

/** Envoy's admin interface as the commands use it, whoever answers: a file, and later a pod or the local mesh. */
export interface ProxyAdmin {
  /** Whose answers these are, for messages: a file's name. */
  readonly name: string;
  /** The text of `/config_dump`, with the query string that asks for the wanted part; a file gives what it holds. */
  configDump(query: string): Promise<string>;
  /** The text of `/clusters?format=json`. */
  clusters(): Promise<string>;
}

/** Which proxy a command was asked about. */
export interface ProxyTarget {
  /** `[TYPE/]NAME[.NAMESPACE]` */
  readonly pod: string | undefined;
  readonly file: string | undefined;
  readonly namespace: string | undefined;
}

/** The refusal of every command that would have to reach a pod. */
export const noClusterAccess = (pod: string, namespace: string | undefined): Fault =>
  new Fault(
    `cannot ask the proxy of ${pod}${namespace === undefined ? '' : ` in namespace ${namespace}`}: heddle cannot reach pods of a cluster yet`,
    {
      kind: 'unreachable',
      code: 'NO_CLUSTER_ACCESS',
      hint: "save its dump and give it with -f: kubectl exec POD -c istio-proxy -- curl -s 'localhost:15000/config_dump?include_eds=true' > dump.json",
    },
  );

/** Finds who answers for a proxy; a usage Fault unless exactly one of pod and file is given. */
export const openProxy = ({ pod, file, namespace }: ProxyTarget, io: Io): ProxyAdmin => {
  if ((pod === undefined) === (file === undefined))
    throw new Fault(pod === undefined ? 'no proxy is named' : `both the pod ${pod} and the file ${file} are named`, {
      kind: 'usage',
      code: 'WHICH_PROXY',
      hint: 'give either a dump with -f FILE (- for standard input) or a pod',
    });
  if (file === undefined) throw noClusterAccess(pod ?? '', namespace);
  return createDumpFile(file, io);
};

import { Fault } from '../../base/fault.ts';
import type { Context } from '../command.ts';
import { connectMesh } from '../mesh/connect.ts';
import { createDumpFile } from '../proxy-config/dump-file.ts';
import { createLocalAdmin } from '../proxy-config/local-admin.ts';
import { createLocalSource } from './local-source.ts';
import { showDifference } from './show-difference.ts';
import type { SyncReport } from './sync-source.ts';

/** Which proxy of the mesh on this machine is compared with what it should have. */
export interface LocalQuestion {
  /** `[TYPE/]NAME[.NAMESPACE]` */
  readonly proxy: string;
  readonly namespace: string | undefined;
  /** A dump that stands in for what the proxy has. */
  readonly file: string | undefined;
}

/** The states of all proxies of the mesh on this machine. */
export const localReport = async ({ io }: Context): Promise<SyncReport> =>
  createLocalSource(await connectMesh(io)).report();

/** Compares a proxy with what it should have; the exit code says whether they differ. */
export const compareLocally = async (context: Context, { proxy, namespace, file }: LocalQuestion): Promise<number> => {
  const client = await connectMesh(context.io);
  const [found] = (await client.proxies.list({ proxy, namespace })).items;
  if (found === undefined)
    throw new Fault(`the mesh has no proxy "${proxy}"`, { kind: 'failure', code: 'NO_SUCH_PROXY' });
  const admin =
    file === undefined ? createLocalAdmin(found.name, undefined, context) : createDumpFile(file, context.io);
  return showDifference(context, createLocalSource(client), found.name, admin);
};

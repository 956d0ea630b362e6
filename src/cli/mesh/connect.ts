import { type AdminClient, createAdminClient } from '../../admin/client.ts';
import { Fault } from '../../base/fault.ts';
import { findStateDir, type StateDir, stateDirectory } from '../../local/state.ts';
import type { Io } from '../io.ts';

/** The environment of every command that deals with a running mesh, for help. */
export const STATE_ENVIRONMENT: Readonly<Record<string, string>> = {
  HEDDLE_STATE_DIR: 'where the mesh keeps its CA, pid and admin socket; two directories are two meshes',
  XDG_STATE_HOME: 'parent of the default state directory',
};

/** What a command that needs a running mesh exits with when there is none. */
export const NO_MESH_CODES: Readonly<Record<number, string>> = { 69: 'no mesh is running, or it does not answer' };

/** The admin client of whatever mesh the state directory records, alive or not; undefined when it records none. */
export const recordedMesh = async (stateDir: StateDir): Promise<AdminClient | undefined> => {
  const [record, token] = await Promise.all([stateDir.readRecord(), stateDir.readToken()]);
  if (record === undefined || token === undefined) return undefined;
  return createAdminClient({
    socketPath: record.adminSocket,
    port: record.adminPort,
    token,
    startId: record.startId,
  });
};

/** The running mesh of the state directory; throws NO_MESH where none runs. */
export const connectMesh = async (io: Io): Promise<AdminClient> => {
  const path = stateDirectory(io.env, io.cwd);
  const stateDir = await findStateDir(path);
  const holder = await stateDir?.holder();
  const client = stateDir === undefined ? undefined : await recordedMesh(stateDir);
  if (client !== undefined && (await client.isAlive())) return client;
  if (holder !== undefined)
    throw new Fault(`the mesh of process ${holder} does not answer yet`, {
      kind: 'unreachable',
      code: 'MESH_NOT_READY',
      hint: 'try again in a moment, or stop it with "heddle local down"',
    });
  throw new Fault(`no mesh is running with state directory ${path}`, {
    kind: 'unreachable',
    code: 'NO_MESH',
    hint: 'start one with "heddle local up -d PATH"',
  });
};

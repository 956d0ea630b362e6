import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { Fault } from '../base/fault.ts';

/** A range of loopback addresses that no other mesh of this machine uses while the claim is held. */
export interface AddressClaim {
  /** Second octet of the mesh's addresses. */
  readonly octet: number;
  release(): Promise<void>;
}

/** A port Istio keeps for its own use and that no pod serves; holding it at 127.OCTET.0.1 is the claim. */
const CLAIM_PORT = 15099;
const FIRST_OCTET = 16;
const OCTETS = 224;

const tryClaim = (octet: number): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: `127.${octet}.0.1`, port: CLAIM_PORT }, () => resolve(server.unref()));
  });

/**
 * Claims addresses for a mesh. The same state directory gets the same addresses as long as nobody else holds them, so
 * that what a user noted down stays true; the system gives the claim back however the process ends.
 */
export const claimAddresses = async (stateDir: string, platform: string): Promise<AddressClaim> => {
  // Where pods share 127.0.0.1 mesh addresses are names only, and nobody else's sockets can be in their way.
  if (platform !== 'linux') return { octet: FIRST_OCTET, release: async () => {} };
  const preferred = createHash('sha256').update(stateDir).digest().readUInt16BE(0) % OCTETS;
  for (let step = 0; step < OCTETS; step++) {
    const octet = FIRST_OCTET + ((preferred + step) % OCTETS);
    const server = await tryClaim(octet);
    if (server === undefined) continue;
    return {
      octet,
      release: () =>
        new Promise((closed) => {
          server.close(() => closed());
        }),
    };
  }
  throw new Fault(`all ${OCTETS} ranges of loopback addresses are taken by other meshes`, {
    kind: 'failure',
    code: 'NO_FREE_ADDRESSES',
    hint: 'stop one with "heddle local down"',
  });
};

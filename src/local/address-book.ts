import { Fault } from '../base/fault.ts';

/**
 * Which mesh address every pod and service has. Addresses are handed out in document order and kept across reloads, so
 * that an open connection, a log line and a policy keep meaning the same pod.
 */
export interface AddressBook {
  /** Address of a pod (`NAMESPACE/NAME`); the same for as long as the pod exists. Throws a Fault when all are taken. */
  podAddress(key: string): string;
  /** Virtual address of a service (`NAMESPACE/NAME`). Throws a Fault when all are taken. */
  serviceAddress(key: string): string;
  /** Forgets what no longer exists; its addresses may be given out again. */
  keepOnly(pods: ReadonlySet<string>, services: ReadonlySet<string>): void;
}

/** Third octets: pods from 1, services from 64, and the applications behind sidecars at the pod's plus 128. */
const FIRST_POD_BLOCK = 1;
const FIRST_SERVICE_BLOCK = 64;
const BLOCK_END = 128;

class Range {
  readonly #what: string;
  readonly #prefix: string;
  readonly #first: number;
  readonly #end: number;
  readonly #byKey = new Map<string, number>();
  readonly #taken = new Set<number>();
  /** No slot before it is free. */
  #next: number;

  constructor(what: string, prefix: string, firstBlock: number, endBlock: number) {
    this.#what = what;
    this.#prefix = prefix;
    this.#first = firstBlock * 256 + 1;
    this.#end = endBlock * 256;
    this.#next = this.#first;
  }

  addressOf(key: string): string {
    let slot = this.#byKey.get(key);
    if (slot === undefined) {
      slot = this.#next;
      // .0 and .255 are left out: some tools take them for a network and its broadcast address.
      while (this.#taken.has(slot) || slot % 256 === 0 || slot % 256 === 255) slot++;
      if (slot >= this.#end) throw this.#full();
      this.#byKey.set(key, slot);
      this.#taken.add(slot);
      this.#next = slot + 1;
    }
    return `${this.#prefix}.${slot >> 8}.${slot & 255}`;
  }

  #full(): Fault {
    return new Fault(`a mesh on this machine has addresses for ${this.#taken.size} ${this.#what}, and here are more`, {
      kind: 'input',
      code: 'OUT_OF_ADDRESSES',
      hint: 'name fewer files, or lower the replicas',
    });
  }

  keepOnly(keys: ReadonlySet<string>): void {
    for (const [key, slot] of this.#byKey) {
      if (keys.has(key)) continue;
      this.#byKey.delete(key);
      this.#taken.delete(slot);
      this.#next = Math.min(this.#next, slot);
    }
  }
}

/** Creates the book of one mesh; `octet` (1-254) is the second octet of all its addresses. */
export const createAddressBook = (octet: number): AddressBook => {
  const pods = new Range('pods', `10.${octet}`, FIRST_POD_BLOCK, FIRST_SERVICE_BLOCK);
  const services = new Range('services', `10.${octet}`, FIRST_SERVICE_BLOCK, BLOCK_END);
  return {
    podAddress: (key) => pods.addressOf(key),
    serviceAddress: (key) => services.addressOf(key),
    keepOnly: (podKeys, serviceKeys) => {
      pods.keepOnly(podKeys);
      services.keepOnly(serviceKeys);
    },
  };
};

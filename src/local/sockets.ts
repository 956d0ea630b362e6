import type { SocketAddress } from '../proxy/proxy.ts';

/**
 * Where on this machine the socket behind a mesh address is. The only place that knows how mesh addresses (10.x.y.z)
 * become loopback sockets; everything else reasons about mesh addresses.
 */
export interface SocketPlan {
  /** Where to bind so that a pod's port can be reached; port 0 where the system must choose. */
  bindAddress(address: string, port: number): SocketAddress;
  /** Tells the plan what `bindAddress` became once it was bound. */
  bound(address: string, port: number, at: SocketAddress): void;
  /** Forgets a pod's sockets. */
  released(address: string): void;
  /** The socket behind a mesh address, undefined when nothing is bound there by this plan. */
  socketOf(address: string, port: number): SocketAddress | undefined;
  /** The mesh address of whoever connected from a socket address. */
  meshAddressOf(host: string): string;
  /** The local address to connect from, so that the peer sees who calls. */
  sourceOf(address: string): string | undefined;
  /** The private address of the application of a pod whose own address its sidecar has taken. */
  applicationAddress(address: string): string;
}

const swapFirstOctet = (address: string, octet: string): string => octet + address.slice(address.indexOf('.'));

const withoutV4Mapping = (host: string): string => (host.startsWith('::ffff:') ? host.slice(7) : host);

/** The application's mesh address: the pod's with 128 added to the third octet (see address-book.ts). */
const applicationAddress = (address: string): string => {
  const [first = '', second = '', third = '', fourth = ''] = address.split('.');
  return `${first}.${second}.${Number(third) + 128}.${fourth}`;
};

/**
 * Linux routes all of 127.0.0.0/8 to the loopback interface: 10.OCTET.c.d is 127.OCTET.c.d with the same port. Other
 * addresses, private ones of the user's own network among them, are left alone.
 */
export const loopbackSockets = (octet: number): SocketPlan => {
  const isMesh = (address: string): boolean => address.startsWith(`10.${octet}.`);
  return {
    bindAddress: (address, port) => ({ host: swapFirstOctet(address, '127'), port }),
    bound: () => {},
    released: () => {},
    socketOf: (address, port) => (isMesh(address) ? { host: swapFirstOctet(address, '127'), port } : undefined),
    meshAddressOf: (host) => {
      const address = withoutV4Mapping(host);
      return address.startsWith(`127.${octet}.`) ? swapFirstOctet(address, '10') : address;
    },
    sourceOf: (address) => swapFirstOctet(address, '127'),
    applicationAddress,
  };
};

/**
 * Systems that only have 127.0.0.1 (macOS): every pod's port gets a free port there. Callers can't be told apart by
 * address, so plaintext callers are `unknown` in metrics and logs; identities over mutual TLS are unaffected.
 */
export const portTableSockets = (): SocketPlan => {
  const table = new Map<string, Map<number, SocketAddress>>();
  return {
    bindAddress: () => ({ host: '127.0.0.1', port: 0 }),
    bound: (address, port, at) => {
      const ports = table.get(address) ?? new Map<number, SocketAddress>();
      ports.set(port, at);
      table.set(address, ports);
    },
    released: (address) => {
      table.delete(address);
      table.delete(applicationAddress(address));
    },
    socketOf: (address, port) => table.get(address)?.get(port),
    meshAddressOf: withoutV4Mapping,
    sourceOf: () => undefined,
    applicationAddress,
  };
};

/** The plan fit for an operating system (`process.platform`). */
export const socketPlanFor = (platform: string, octet: number): SocketPlan =>
  platform === 'linux' ? loopbackSockets(octet) : portTableSockets();

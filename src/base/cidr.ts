/** An address block; a plain address is a block of one. */
export interface Cidr {
  readonly family: 4 | 6;
  /** The network address with the host bits cleared, 32 or 128 bits. */
  readonly network: bigint;
  readonly prefixLength: number;
}

const DECIMAL_OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9a-fA-F]{1,4}$/;
const IPV4_MAPPED_PREFIX = 0xffffn << 32n;

const parseIpv4 = (text: string): bigint | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!DECIMAL_OCTET.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
};

const parseGroups = (text: string): readonly bigint[] | undefined => {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (dotted !== undefined) groups.push(dotted >> 16n, dotted & 0xffffn);
    else if (HEX_GROUP.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
};

const join = (groups: readonly bigint[]): bigint => groups.reduce((value, group) => (value << 16n) | group, 0n);

const parseIpv6 = (text: string): bigint | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return (join(head) << BigInt(16 * (8 - head.length))) | join(tail);
};

const parseAddress = (text: string): { readonly family: 4 | 6; readonly bits: bigint } | undefined => {
  if (!text.includes(':')) {
    const bits = parseIpv4(text);
    return bits === undefined ? undefined : { family: 4, bits };
  }
  const bits = parseIpv6(text);
  if (bits === undefined) return undefined;
  // A socket that listens on both families reports IPv4 peers as ::ffff:a.b.c.d; they are the same peers.
  return bits >> 32n === IPV4_MAPPED_PREFIX >> 32n ? { family: 4, bits: bits & 0xffffffffn } : { family: 6, bits };
};

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a plain address; host bits may be set, as in Go's net.ParseCIDR. Undefined when invalid. */
export const parseCidr = (text: string): Cidr | undefined => {
  const slash = text.indexOf('/');
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const width = address.family === 4 ? 32 : 128;
  const isMapped = address.family === 4 && addressText.includes(':');
  const lengthText = slash < 0 ? undefined : text.slice(slash + 1);
  if (lengthText !== undefined && !/^(?:0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  const prefixLength = lengthText === undefined ? width : Number(lengthText) - (isMapped ? 96 : 0);
  if (prefixLength < 0 || prefixLength > width) return undefined;
  const hostBits = BigInt(width - prefixLength);
  return { family: address.family, network: (address.bits >> hostBits) << hostBits, prefixLength };
};

/** Whether a text is one address of IPv4 or IPv6, not a block. */
export const isAddress = (text: string): boolean => !text.includes('/') && parseAddress(text) !== undefined;

/** Whether the block holds the address; an IPv4-mapped IPv6 address counts as its IPv4 address. False for text that is no address. */
export const cidrContains = (cidr: Cidr, address: string): boolean => {
  const parsed = parseAddress(address);
  if (parsed === undefined || parsed.family !== cidr.family) return false;
  const hostBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefixLength);
  return parsed.bits >> hostBits === cidr.network >> hostBits;
};

/** The block's network address as text; of IPv6 every group is written out. */
export const networkAddress = ({ family, network }: Cidr): string => {
  const [count, bits, radix, mark] = family === 4 ? [4, 8, 10, '.'] : [8, 16, 16, ':'];
  const mask = (1n << BigInt(bits)) - 1n;
  const part = (index: number): bigint => (network >> BigInt(bits * (count - 1 - index))) & mask;
  return Array.from({ length: count }, (_, index) => part(index).toString(radix)).join(mark);
};

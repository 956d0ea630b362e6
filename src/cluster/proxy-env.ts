import { cidrContains, parseCidr } from '../base/cidr.ts';

type Env = Readonly<Record<string, string | undefined>>;

const LOOPBACK = ['127.0.0.0/8', '::1'];

const contains = (block: string, host: string): boolean => {
  const cidr = parseCidr(block);
  return cidr !== undefined && cidrContains(cidr, host);
};

/** Whether one entry of NO_PROXY is about a host: an address, a block, a domain with those below it, or `.domain`. */
const exempts = (entry: string, host: string, port: string): boolean => {
  const [, name = entry, onlyPort = port] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return name === '*' || contains(name, host) || host.endsWith(`.${domain}`) || (domain === name && host === name);
};

/**
 * The proxy the environment names for a server, by the rules of Go's programs: HTTPS_PROXY or HTTP_PROXY by the scheme of
 * the server, never for the loopback or for what NO_PROXY lists; each name may be in lower case.
 */
export const proxyFromEnv = (server: string, env: Env): string | undefined => {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const named = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const proxy = named(protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || host === 'localhost' || LOOPBACK.some((block) => contains(block, host))) return undefined;
  const usedPort = port || (protocol === 'https:' ? '443' : '80');
  const exceptions = named('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => entry !== '' && exempts(entry, host, usedPort))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
};

import { Fault } from '../../base/fault.ts';
import { compareDumps, type PartDifference, routesLoadedAt } from '../../envoy/config-difference.ts';
import type { ConfigDump } from '../../envoy/config-dump.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import type { ProxyAdmin } from '../proxy-config/proxy-admin.ts';
import { readDump } from '../proxy-config/read-dump.ts';
import { partText } from './difference-text.ts';
import type { SyncSource, WantedConfig } from './sync-source.ts';
import { troubleLines } from './trouble.ts';

const notConnected = (proxy: string): Fault =>
  new Fault(`no istiod that was asked is connected to ${proxy}`, {
    kind: 'failure',
    code: 'PROXY_NOT_CONNECTED',
    hint: `see with heddle proxy-config bootstrap ${proxy} which istiod it looks for, and the log of its istio-proxy`,
  });

/** istiod's dump, read as a proxy's is. */
const readWanted = ({ istiod, dump }: WantedConfig): Promise<ConfigDump> => {
  const admin: ProxyAdmin = {
    name: `the answer of istiod ${istiod}`,
    configDump: () => Promise.resolve(dump),
    clusters: () => Promise.resolve(dump),
  };
  return readDump(admin, '');
};

const note = ({ part }: PartDifference, dump: ConfigDump): string => {
  const loadedMs = part === 'Routes' ? routesLoadedAt(dump) : undefined;
  return loadedMs === undefined
    ? ''
    : ` (RDS last loaded at ${new Date(loadedMs).toUTCString().replace('GMT', 'UTC')})`;
};

/** Compares what istiod wants a proxy, `web-1.shop`, to have with what it has; the exit code says whether they differ. */
export const showDifference = async (
  context: Context,
  source: SyncSource,
  proxy: string,
  admin: ProxyAdmin,
): Promise<number> => {
  const [wanted, found, { proxies }] = await Promise.all([
    source.wantedBy(proxy),
    readDump(admin, ''),
    source.report(),
  ]);
  if (wanted === undefined) throw notConnected(proxy);
  const parts = compareDumps(await readWanted(wanted), found);
  const states = proxies.filter(({ name }) => name === proxy);
  const matches = parts.every(({ objects }) => objects.length === 0);
  const { paint } = context.out;
  await printDocument(context, { kind: 'ProxyDifference', proxy, istiod: wanted.istiod, matches, parts }, () => {
    const troubles = troubleLines(states, paint, Date.now());
    const texts = parts.map((part) => partText(part, note(part, found), paint));
    return [...texts, ...troubles.map((line) => `${line}\n`)].join('');
  });
  return matches ? EXIT.ok : EXIT.drift;
};

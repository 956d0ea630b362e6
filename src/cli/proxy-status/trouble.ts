import { shorten } from '../../base/shorten.ts';
import { redact } from '../../envoy/redact.ts';
import { shortType, type TypeSync } from '../../envoy/sync-state.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import type { Paint } from '../output.ts';
import { ageText } from './age.ts';
import type { ConnectedProxy, LostProxy } from './sync-source.ts';

/** Names in one sentence; of more only the number is told. */
const MOST_NAMES = 3;

const namesText = (names: readonly string[]): string => {
  const shown = names.slice(0, MOST_NAMES).map(escapeControls).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
};

/** A text of a proxy's, fit to be shown: without secrets, on one line. */
export const proxyWords = (text: string): string => {
  const words = redact(text.trim().replaceAll(/\s+/g, ' '));
  return escapeControls(shorten(String(words)));
};

/** Types of proxies that are in one state for one reason; since when is told of the one that is so for longest. */
interface Trouble {
  readonly types: string;
  readonly error: string;
  readonly names: string[];
  sentMs: number | undefined;
}

const troublesOf = (proxies: readonly ConnectedProxy[], state: TypeSync['state']): readonly Trouble[] => {
  const troubles = new Map<string, Trouble>();
  for (const { name, types } of proxies)
    for (const error of new Set(types.filter((type) => type.state === state).map((type) => type.error))) {
      const alike = types.filter((type) => type.state === state && type.error === error);
      const own = alike.map(({ typeUrl }) => shortType(typeUrl)).join(', ');
      const key = `${own} ${error}`;
      const trouble = troubles.get(key) ?? { types: own, error, names: [], sentMs: undefined };
      trouble.names.push(name);
      trouble.sentMs = Math.min(...[trouble, ...alike].map(({ sentMs = Number.POSITIVE_INFINITY }) => sentMs));
      troubles.set(key, trouble);
    }
  return [...troubles.values()];
};

const since = (sentMs: number | undefined, nowMs: number): string =>
  sentMs === undefined || !Number.isFinite(sentMs) ? '' : ageText(nowMs - sentMs);

/** A sentence for each thing that is wrong with the proxies, what is equal together; none where all is well. */
export const troubleLines = (
  proxies: readonly ConnectedProxy[],
  { red, yellow }: Paint,
  nowMs: number,
): readonly string[] => {
  const errors = troublesOf(proxies, 'ERROR').map(({ types, error, names, sentMs }) => {
    const age = since(sentMs, nowMs);
    const when = age === '' ? '' : `, sent ${age} ago`;
    return `${red('ERROR')} ${namesText(names)} refused ${escapeControls(types)}${when}: ${proxyWords(error) || 'no reason is given'}`;
  });
  const stale = troublesOf(proxies, 'STALE').map(({ types, names, sentMs }) => {
    const age = since(sentMs, nowMs);
    const how = age === '' ? '' : ` for ${age}`;
    return `${yellow('STALE')} ${namesText(names)} did not confirm ${escapeControls(types)}${how}`;
  });
  return [...errors, ...stale];
};

/** The sentence about proxies that are connected to no istiod; none where there are none. */
export const lostLines = (lost: readonly LostProxy[], { yellow }: Paint): readonly string[] => {
  if (lost.length === 0) return [];
  const names = namesText(lost.map(({ name, phase }) => (phase === 'Running' ? name : `${name} (${phase})`)));
  return [`${yellow('NOT CONNECTED')} ${names}: with a sidecar, and known to no istiod that was asked`];
};

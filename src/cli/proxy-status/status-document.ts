import { redact } from '../../envoy/redact.ts';
import { type SyncState, shortType, worst } from '../../envoy/sync-state.ts';
import type { ConnectedProxy, LostProxy, SyncReport } from './sync-source.ts';

interface TypeItem {
  readonly type: string;
  readonly typeUrl: string;
  readonly state: SyncState;
  readonly sentAt?: string;
  readonly error?: string;
}

interface ProxyItem {
  readonly name: string;
  readonly namespace: string;
  readonly cluster: string;
  readonly istiod: string;
  readonly version: string;
  /** The worst of all types. */
  readonly state: SyncState;
  readonly types: readonly TypeItem[];
}

/** What `-o json` prints of the states of proxies. */
export interface StatusDocument {
  readonly kind: 'ProxyStatus';
  readonly summary: Readonly<Record<'proxies' | 'error' | 'stale' | 'notConnected', number>>;
  readonly items: readonly ProxyItem[];
  readonly notConnected: readonly LostProxy[];
  readonly unanswered: readonly { readonly code: string; readonly message: string }[];
}

const itemOf = ({ name, namespace, cluster, istiod, version, types }: ConnectedProxy): ProxyItem => ({
  name,
  namespace,
  cluster,
  istiod,
  version,
  state: worst(types)?.state ?? 'SYNCED',
  types: types.map(({ typeUrl, state, sentMs, error }) => ({
    type: shortType(typeUrl),
    typeUrl,
    state,
    ...(sentMs !== undefined && { sentAt: new Date(sentMs).toISOString() }),
    ...(error !== '' && { error: String(redact(error)) }),
  })),
});

/** Makes the document of a report. */
export const statusDocument = ({ proxies, lost, faults }: SyncReport): StatusDocument => {
  const items = proxies.map(itemOf);
  const count = (state: SyncState): number => items.filter((item) => item.state === state).length;
  return {
    kind: 'ProxyStatus',
    summary: { proxies: items.length, error: count('ERROR'), stale: count('STALE'), notConnected: lost.length },
    items,
    notConnected: lost,
    unanswered: faults.map(({ code, message }) => ({ code, message })),
  };
};

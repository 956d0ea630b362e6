import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesField, numberField, textField } from '../../src/base/protobuf.ts';
import { PLAIN } from '../../src/cli/output.ts';
import { statusTable } from '../../src/cli/proxy-status/status-table.ts';
import { readClientConfig } from '../../src/envoy/client-config.ts';
import { mergeProxies, type ProxySync } from '../../src/envoy/sync-state.ts';
import { readSyncz } from '../../src/envoy/syncz.ts';

const TYPE = 'type.googleapis.com/';
const CDS = `${TYPE}envoy.config.cluster.v3.Cluster`;
const RDS = `${TYPE}envoy.config.route.v3.RouteConfiguration`;

const proxies = (value: unknown): readonly ProxySync[] => {
  const read = readSyncz(JSON.stringify(value));
  if ('severity' in read) throw new Error(read.message);
  return read;
};

describe('the answer to /debug/syncz', () => {
  it.each([
    ['SYNCED', { sent: 'a', acked: 'a', sentTime: '2026-11-22T13:00:55.4Z' }],
    ['STALE', { sent: 'b', acked: 'a', sentTime: '2026-11-22T13:00:55.4Z' }],
    ['STALE', { sent: 'b', sentTime: '2026-11-22T13:00:55.4Z' }],
    ['ERROR', { sent: 'b', acked: 'a', sentTime: '2026-11-22T13:00:55.4Z', lastError: 'no' }],
  ])('is %s by the nonces %o', (state, status) => {
    const [proxy] = proxies([{ proxy: 'a.shop', resources: { [CDS]: status } }]);
    expect(proxy?.types).toEqual([
      { typeUrl: CDS, state, sentMs: Date.UTC(2026, 10, 22, 13, 0, 55, 400), error: state === 'ERROR' ? 'no' : '' },
    ]);
  });

  it('has no time of what was never sent', () => {
    const [proxy] = proxies([{ proxy: 'a.shop', resources: { [CDS]: { sentTime: '0001-01-01T00:00:00Z' } } }]);
    expect(proxy?.types).toMatchObject([{ state: 'NOT SENT', sentMs: undefined }]);
  });

  it('is understood of an istiod without resources', () => {
    const [proxy] = proxies([{ proxy: 'a.b.shop', cluster_sent: '1', cluster_acked: '1', route_sent: '2' }]);
    expect(proxy).toMatchObject({
      namespace: 'shop',
      types: [
        { typeUrl: CDS, state: 'SYNCED', sentMs: undefined },
        { typeUrl: RDS, state: 'STALE' },
      ],
    });
  });

  it('may be of no proxies, and is a Problem where it is something else', () => {
    expect(readSyncz('null')).toEqual([]);
    for (const text of ['{}', '', '[{"proxy": "a', 'Proxy not connected'])
      expect(readSyncz(text)).toMatchObject({ code: 'NOT_SYNCZ' });
  });
});

describe('a ClientConfig', () => {
  const timestamp = (seconds: number, nanos: number) => Buffer.concat([numberField(1, seconds), numberField(2, nanos)]);
  const entry = (key: string, value: string) =>
    bytesField(1, Buffer.concat([bytesField(1, key), bytesField(2, bytesField(3, value))]));
  const node = bytesField(
    1,
    Buffer.concat([
      textField(1, 'a.b.shop'),
      bytesField(
        3,
        Buffer.concat([entry('CLUSTER_ID', 'east'), entry('NAMESPACE', 'shop'), entry('ISTIO_VERSION', '1.32.0')]),
      ),
    ]),
  );

  it('tells of each type its state, its time and its error', () => {
    const generic = (status: number, ...more: readonly Buffer[]) =>
      bytesField(
        3,
        Buffer.concat([
          textField(1, CDS),
          bytesField(5, timestamp(1_700_000_000, 250_000_000)),
          numberField(6, status),
          ...more,
        ]),
      );
    const config = Buffer.concat([
      node,
      ...[0, 1, 2, 3].map((status) => generic(status)),
      generic(4, bytesField(8, bytesField(3, 'no'))),
    ]);
    expect(readClientConfig(config)).toEqual({
      name: 'a.b.shop',
      namespace: 'shop',
      cluster: 'east',
      version: '1.32.0',
      types: ['SYNCED', 'NOT SENT', 'STALE', 'ERROR'].map((state) => ({
        typeUrl: CDS,
        state,
        sentMs: 1_700_000_000_250,
        error: state === 'ERROR' ? 'no' : '',
      })),
    });
  });

  it("has no time before 1970, which is Go's of nothing", () => {
    const never = Buffer.from('0880928b8398feffffff01', 'hex');
    const generic = bytesField(3, Buffer.concat([textField(1, CDS), bytesField(5, never), numberField(6, 2)]));
    expect(readClientConfig(Buffer.concat([node, generic])).types).toMatchObject([{ sentMs: undefined }]);
  });

  it('is understood of an istiod that knows PerXdsConfig only', () => {
    const old = bytesField(2, Buffer.concat([numberField(1, 3), bytesField(4, '')]));
    expect(readClientConfig(Buffer.concat([node, old])).types).toEqual([
      { typeUrl: RDS, state: 'STALE', sentMs: undefined, error: '' },
    ]);
  });

  it('of bytes that are none is empty', () => {
    expect(readClientConfig(Buffer.from('ffffff', 'hex'))).toMatchObject({ name: '', types: [] });
  });
});

describe('proxies of several istiods', () => {
  const at = (name: string, cluster: string, sentMs: number): ProxySync => ({
    name,
    namespace: 'shop',
    cluster,
    version: '',
    types: [{ typeUrl: CDS, state: 'SYNCED', sentMs, error: '' }],
  });

  it('are each there once, as the istiod says that sent to it last', () => {
    const merged = mergeProxies([
      at('b.shop', 'x', 1),
      at('a.shop', 'x', 5),
      at('a.shop', 'x', 9),
      at('a.shop', 'x', 7),
    ]);
    expect(merged).toEqual([at('a.shop', 'x', 9), at('b.shop', 'x', 1)]);
  });

  it('are others in another cluster', () => {
    expect(mergeProxies([at('a.shop', 'x', 1), at('a.shop', 'y', 2)])).toHaveLength(2);
  });
});

const recorded = resolve(import.meta.dirname, '../../../shared/corpus/proxy-config/proxy-status-synced');

interface Recorded {
  readonly args: readonly string[];
  readonly at: string;
  readonly stdout: string;
}

describe.skipIf(!existsSync(recorded))(
  'recorded states (shared/corpus/proxy-config, skipped where it is absent)',
  () => {
    const read = (name: string): string => readFileSync(join(recorded, name), 'utf8');
    const cells = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().split(/ {2,}/));
    const byColumn = (rows: readonly (readonly string[])[]) =>
      rows.slice(1).map((row) => Object.fromEntries((rows[0] ?? []).map((column, place) => [column, row[place]])));

    it('come to the table of istioctl', () => {
      const runs = JSON.parse(read('expected.json')) as readonly Recorded[];
      const run = runs.find(({ args }) => args.join(' ') === 'proxy-status -v 1');
      const states = proxies(JSON.parse(read('syncz.json'))).map((proxy) => ({
        ...proxy,
        istiod: 'istiod-bfc4f978-8584w',
      }));
      const shape = { allTypes: true, subscribed: false };
      const theirs = byColumn(cells(run?.stdout ?? ''));
      // The moment of the run is recorded in whole seconds.
      const moments = [0, 500, 999].map((ms) => Date.parse(run?.at ?? '') + ms);
      const ours = moments.map((nowMs) => byColumn(cells(statusTable(mergeProxies(states), shape, PLAIN, nowMs))));
      expect(theirs).toHaveLength(3);
      expect(ours).toContainEqual(theirs);
    });
  },
);

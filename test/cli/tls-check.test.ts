import { describe, expect, it } from 'vitest';
import type { TlsRow } from '../../src/traffic/mtls/tls-table.ts';
import { createWorkspace } from '../support/workspace.ts';
import { BOOKSHOP } from '../traffic/bookshop.ts';

const rowsOf = async (more: string, args: string): Promise<readonly TlsRow[]> => {
  const line = `tls-check ${args} -f mesh.yaml -o json`.replace(/ +/g, ' ');
  const { stdout, stderr } = await createWorkspace({ 'mesh.yaml': `${BOOKSHOP}${more}` }).run(line);
  expect(stderr).toBe('');
  return JSON.parse(stdout).items;
};

const peers = (mode: string): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: ${mode}}}
`;

const rule = (tls: string): string => `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {tls: {mode: ${tls}}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: open, labels: {version: v1}, trafficPolicy: {tls: {mode: DISABLE}}}
`;

describe('heddle tls-check', () => {
  it.each([
    ['STRICT', 'mTLS (auto)', 'OK', 'OK'],
    ['PERMISSIVE', 'mTLS (auto)', 'OK', 'OK'],
    ['DISABLE', 'plaintext', 'PLAINTEXT-ALLOWED', 'OK'],
  ])('lets auto mTLS follow a server that is %s', async (mode, client, result, ifStrict) => {
    const rows = await rowsOf(peers(mode), 'client reviews-v1');
    expect(rows).toMatchObject([
      { from: ['default/client'], workloads: ['default/reviews-v1'], client, server: mode, result, ifStrict },
    ]);
    expect(rows[0]?.decidedBy).toEqual([expect.stringMatching(/^mesh\.yaml:\d+$/)]);
  });

  it('sends plaintext to a workload without sidecar, STRICT or not', async () => {
    expect(await rowsOf(peers('STRICT'), 'client reviews-v2')).toMatchObject([
      {
        client: 'plaintext',
        server: 'no sidecar',
        result: 'PLAINTEXT-ALLOWED',
        ifStrict: 'PLAINTEXT-ALLOWED',
        decidedBy: [],
      },
    ]);
  });

  it.each([
    ['ISTIO_MUTUAL', 'DISABLE', 'CONFLICT', 'OK'],
    ['DISABLE', 'STRICT', 'CONFLICT', 'CONFLICT'],
    ['DISABLE', 'PERMISSIVE', 'PLAINTEXT-ALLOWED', 'CONFLICT'],
    ['SIMPLE', 'STRICT', 'CONFLICT', 'CONFLICT'],
  ])('takes the word of a DestinationRule: %s to %s', async (tls, mode, result, ifStrict) => {
    const rows = await rowsOf(`${peers(mode)}${rule(tls)}`, 'client reviews-v1');
    const whole = rows.find(({ subset }) => subset === undefined);
    expect(whole).toMatchObject({ client: tls, server: mode, result, ifStrict });
    expect(whole?.decidedBy).toHaveLength(2);
  });

  it('tells of a subset where it goes another way than its service', async () => {
    const rows = await rowsOf(`${peers('PERMISSIVE')}${rule('ISTIO_MUTUAL')}`, 'client reviews-v1');
    expect(rows.map(({ subset, client }) => [subset, client])).toEqual([
      [undefined, 'ISTIO_MUTUAL'],
      ['open', 'DISABLE'],
    ]);
  });

  it('takes clients without a sidecar together with those outside', async () => {
    const rows = await rowsOf(peers('STRICT'), '');
    expect(rows.filter(({ result }) => result === 'CONFLICT')).toMatchObject([
      { from: ['default/reviews-v2', 'outside'], client: 'plaintext', server: 'STRICT' },
    ]);
  });
});

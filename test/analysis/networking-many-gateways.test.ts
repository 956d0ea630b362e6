import { expect, it } from 'vitest';
import { gatewayCertificates } from '../../src/analysis/checks/gateway/certificates.ts';
import { gatewayConflicts } from '../../src/analysis/checks/gateway/conflicts.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';

const gateways = (count: number): string =>
  Array.from(
    { length: count },
    (_, at) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g${at} }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: [shop.example.com]
    tls: { mode: SIMPLE, credentialName: wildcard }
`,
  ).join('---\n');

const analyze = async (count: number) => {
  const { input } = await loadInput([{ name: 'gateways.yaml', text: gateways(count) }]);
  return runChecks([gatewayCertificates, gatewayConflicts], input);
};

it('tells each of a few Gateways of every other with its certificate', async () => {
  expect((await analyze(3)).filter(({ code }) => code === 'IST0138')).toHaveLength(6);
});

it('does not tell each of many Gateways of all the others', async () => {
  const found = await analyze(100);
  expect(found.filter(({ code }) => code === 'IST0138')).toHaveLength(800);
  const conflicts = found.filter(({ code }) => code === 'IST0145');
  expect(conflicts).toHaveLength(100);
  expect(conflicts[0]?.message).toContain('and 92 more');
  for (const { labels, resource } of conflicts) {
    expect(labels.length).toBe(8);
    expect(labels.map(({ span }) => span)).not.toContain(resource?.span);
  }
});

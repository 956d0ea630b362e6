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

it('counts the rivals of Gateways whose lists of hosts differ and have some in common', async () => {
  const gateway = (name: string, hosts: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: ${name} }\nspec:\n  selector: { istio: a }\n` +
    `  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [${hosts}] }]\n`;
  const many = Array.from({ length: 20 }, (_, at) => gateway(`m${at + 10}`, `"*", own-${at}.example.com`));
  const text = [
    ...many,
    gateway('a', '"*", b.example.com'),
    gateway('z', 'b.example.com'),
    gateway('y', 'c.example.com'),
  ];
  const { input } = await loadInput([{ name: 'gateways.yaml', text: text.join('---\n') }]);
  const found = runChecks([gatewayConflicts], input).map(({ origin, message }) => `${origin} ${message}`);
  expect(found).toHaveLength(22);
  const told = (name: string): string | undefined => found.find((one) => one.startsWith(`Gateway default/${name} `));
  expect(told('a')).toContain(
    'default/a, default/m10, default/m11, default/m12, default/m13, default/m14, default/m15, default/m16 and 14 more',
  );
  expect(told('m29')).toContain('and 13 more');
  expect(told('z')).toContain('default/a, default/z');
});

it('takes time in proportion to Gateways that share one host of many', async () => {
  const shared = (count: number): string =>
    Array.from(
      { length: count },
      (_, at) =>
        `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: g${at} }\nspec:\n  selector: { istio: a }\n` +
        `  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*", own-${at}.example.com] }]\n`,
    ).join('---\n');
  const timeOf = async (count: number): Promise<number> => {
    const { input } = await loadInput([{ name: 'gateways.yaml', text: shared(count) }]);
    const times = Array.from({ length: 4 }, () => {
      const start = performance.now();
      expect(runChecks([gatewayConflicts], input)).toHaveLength(count);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  // Eight times as many would take sixty-four times as long if each were compared with each.
  expect((await timeOf(8000)) / (await timeOf(1000))).toBeLessThan(32);
}, 60_000);

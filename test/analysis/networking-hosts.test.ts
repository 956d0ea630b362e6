import { expect, it } from 'vitest';
import { loadInput } from '../../src/analysis/input.ts';
import { indexHosts } from '../../src/analysis/lookup/hosts.ts';

const { input } = await loadInput([
  {
    name: 'hosts.yaml',
    text: `apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop }
spec: { ports: [{ name: http, port: 80 }, { name: grpc, port: 90 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ledger, namespace: bank, annotations: { networking.istio.io/exportTo: "., audit" } }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: partners, namespace: shop }
spec: { hosts: ["*.partner.example"], exportTo: ["."], ports: [{ number: 443, name: tls, protocol: TLS }] }
`,
  },
]);
const hosts = indexHosts(input.mesh);

it('completes a name without dots in the namespace of the object, and nothing else', () => {
  expect(hosts.find('reviews', 'shop', undefined)?.ports).toEqual([80, 90]);
  expect(hosts.find('reviews', 'bank', undefined)).toBeUndefined();
  expect(hosts.find('reviews.shop', 'shop', undefined)).toBeUndefined();
  expect(hosts.find('reviews.shop.svc.cluster.local', 'bank', undefined)?.host).toBe('reviews.shop.svc.cluster.local');
});

it('finds what is exported to the namespaces that the asking object is for', () => {
  const ledger = 'ledger.bank.svc.cluster.local';
  expect(hosts.find(ledger, 'bank', undefined)?.host).toBe(ledger);
  expect(hosts.find(ledger, 'audit', undefined)?.host).toBe(ledger);
  expect(hosts.find(ledger, 'shop', undefined)).toBeUndefined();
  expect(hosts.find(ledger, 'shop', ['audit'])?.host).toBe(ledger);
});

it('finds the wildcard of a ServiceEntry where it is visible', () => {
  expect(hosts.find('eu.partner.example', 'shop', undefined)?.host).toBe('*.partner.example');
  expect(hosts.find('eu.partner.example', 'bank', undefined)).toBeUndefined();
});

it('says what to write instead of a host that is not found', () => {
  expect(hosts.hintFor('revews', 'shop')).toBe('did you mean "reviews"?');
  expect(hosts.hintFor('reviews', 'bank')).toMatch(/^write "reviews\.shop\.svc\.cluster\.local": a name without dots/);
  expect(hosts.hintFor('reviews.shop', 'shop')).toMatch(/^write "reviews\.shop\.svc\.cluster\.local": Istio completes/);
  expect(hosts.hintFor('unlike-anything', 'shop')).toBeUndefined();
});

// Time of one routing decision at tables of 10 to 10,000 VirtualServices, for a client in the mesh and at a gateway.
// What matters is how it grows: where the number of VirtualServices counted, a row would be 1,000 times the first one.
import { parseArgs } from 'node:util';
import { placeMesh } from '../../src/cli/explain/load-mesh.ts';
import { loadConfiguration } from '../../src/local/configuration.ts';
import { compileMesh } from '../../src/traffic/compile/compile-mesh.ts';
import { type RoutingPlace, routeFor } from '../../src/traffic/routing.ts';
import type { ProxyTables } from '../../src/traffic/tables.ts';
import { column, median } from './measure.ts';

const DECISIONS = 20_000;

const virtualService = (name: string, host: string, gateways: string): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  hosts: ['${host}']
  gateways: [${gateways}]
  http:
    - match: [{uri: {prefix: /v2}}]
      route: [{destination: {host: web}}]
    - route: [{destination: {host: web}}]
`;

/** Half of the VirtualServices have a host of their own, half a wildcard. */
const meshOf = (count: number): string => {
  const objects = Array.from({ length: count }, (_, at) =>
    virtualService(`v${at}`, at % 2 === 0 ? `h${at}.example.com` : `*.w${at}.example.org`, 'mesh, edge'),
  );
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80}]}
${objects.join('')}`;
};

const nanosecondsOf = (tables: ProxyTables, place: RoutingPlace, authority: string): number => {
  const request = { method: 'GET', path: '/v2/x', authority, scheme: 'http', headerValues: () => [] };
  if (routeFor(tables, place, request)?.action.kind !== 'forward') throw new Error(`no route for ${authority}`);
  const rounds = Array.from({ length: 7 }, () => {
    const start = performance.now();
    for (let left = DECISIONS; left > 0; left -= 1) routeFor(tables, place, request);
    return (1_000_000 * (performance.now() - start)) / DECISIONS;
  });
  return median(rounds);
};

/** `npm run bench -- route [--sizes 10,1000,10000]` */
export const bench = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { sizes: { type: 'string', default: '10,1000,10000' } },
  });
  console.log(`${column('rules')}${['client', 'suffix', 'gateway', 'suffix'].map(column).join('')}  ns a decision`);
  for (const size of values.sizes.split(',').map(Number)) {
    const configuration = await loadConfiguration([{ name: 'mesh.yaml', text: meshOf(size) }], { builtIns: true });
    const proxies = [...compileMesh(placeMesh(configuration), 1).proxies.values()];
    const middle = size >> 1;
    const exact = `h${middle - (middle % 2)}.example.com`;
    const suffix = `a.w${middle - (middle % 2) + 1}.example.org`;
    const cells = (['sidecar', 'gateway'] as const).flatMap((mode) => {
      const tables = proxies.find(({ node }) => node.mode === mode);
      if (tables === undefined) throw new Error(`no ${mode}`);
      const [port = 80] = mode === 'gateway' ? tables.gateway.keys() : [80];
      const place = { direction: mode === 'gateway' ? mode : 'outbound', address: '10.44.0.1', port } as const;
      return [exact, suffix].map((authority) => nanosecondsOf(tables, place, authority));
    });
    console.log(column(size) + cells.map((cell) => column(cell.toFixed(0))).join(''));
  }
};

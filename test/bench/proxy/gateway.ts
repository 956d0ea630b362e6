// heddle as the gateway of the benchmark: access log to a file, Istio's metrics, a route table of three routes.
import { openSync, writeSync } from 'node:fs';
import { createProxy } from '../../../src/proxy/create-proxy.ts';
import { compileAccessLog } from '../../../src/telemetry/access-log.ts';
import { createIstioMetrics } from '../../../src/telemetry/istio-metrics.ts';
import { createLineBatch } from '../../../src/telemetry/line-batch.ts';
import { createRegistry } from '../../../src/telemetry/registry.ts';
import { suffixTable } from '../../../src/traffic/suffix-table.ts';
import type { Route, RouteMatch } from '../../../src/traffic/tables.ts';
import {
  APP,
  authority,
  clock,
  cluster,
  endpoint,
  forward,
  network,
  route,
  spiffe,
  tables,
} from '../../proxy/small-mesh.ts';

const [backendPort, logPath] = [Number(process.argv[2]), process.argv[3] ?? '/dev/null'];

const anything: RouteMatch = {
  path: undefined,
  ignoreCase: false,
  method: undefined,
  authority: undefined,
  scheme: undefined,
  headers: [],
  query: [],
};
const retry = {
  attempts: 2,
  perTryTimeoutMs: 0,
  on: new Set(['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes']),
  statusCodes: new Set([503]),
  avoidPreviousHosts: true,
  backOffBaseMs: 25,
};
const to = (match: Partial<RouteMatch>): Route =>
  route(forward(APP, { retry, timeoutMs: 15_000 }), { match: { ...anything, ...match } });

const routes = [
  to({
    path: { kind: 'prefix', value: '/v2' },
    headers: [{ name: 'end-user', value: { kind: 'exact', value: 'jason' }, invert: false, matchesAbsent: false }],
  }),
  to({ path: { kind: 'regex', source: '/static/.*', test: (text) => /^\/static\/.*$/.test(text) } }),
  to({ path: { kind: 'prefix', value: '/' } }),
];

const accessLog = compileAccessLog({ encoding: 'TEXT', format: '' });
const descriptor = openSync(logPath, 'w', 0o600);
const batch = createLineBatch({ write: (text) => writeSync(descriptor, text), maxBytes: 64 * 1024 });
setInterval(() => batch.flush(), 200).unref();
const metrics = createIstioMetrics(createRegistry());

const proxy = createProxy({
  tables: tables({
    clusters: [cluster(APP, [endpoint('10.44.1.2', 8080)], { balancer: { kind: 'least-request' } })],
    routes: {
      name: 'http.80',
      exact: new Map([
        ['shop.example.com', { name: 'shop', domains: ['shop.example.com'], routes, origin: undefined }],
      ]),
      suffixes: suffixTable(new Map()),
      any: undefined,
      ignorePort: true,
    },
  }),
  network: network(new Map([['10.44.1.2:8080', { host: '127.0.0.1', port: backendPort }]])),
  clock,
  random: Math.random,
  identity: await (await authority()).issue(spiffe('gateway')),
  onRecord: (record) => {
    batch.add(accessLog.format(record));
    metrics.record(record);
  },
});
const { port } = await proxy.listenGateway(80, { host: '127.0.0.1', port: 0 });
console.log(port);

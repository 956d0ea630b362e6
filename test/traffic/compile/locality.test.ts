import { describe, expect, it } from 'vitest';
import { compileText } from '../compile-text.ts';

const pod = (name: string, app: string, locality: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${app}, istio-locality: ${locality}}}
spec: {containers: [{name: app, image: app}]}
---
`;

const mesh = (policy: string, service = ''): string => `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: s}, ports: [{name: http, port: 80}]${service}}
---
${pod('near', 'client', 'us.a.1')}${pod('far', 'client', 'eu.c.1')}
${pod('s1', 's', 'us.a.1')}${pod('s2', 's', 'us.a.2')}${pod('s3', 's', 'us.b.1')}${pod('s4', 's', 'eu.c.1')}
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s}
spec: {host: s, trafficPolicy: {${policy}}}
`;

const clusterOf = async (text: string, client: string) => {
  const { proxies, problems } = await compileText(text);
  expect(problems).toEqual([]);
  return proxies.get(`default/${client}`)?.clusters.get('outbound|80||s.default.svc.cluster.local');
};

/** Endpoint to priority. */
const priorities = async (policy: string, client: string, service = ''): Promise<Readonly<Record<string, number>>> => {
  const cluster = await clusterOf(mesh(policy, service), client);
  return Object.fromEntries(cluster?.endpoints.map(({ pod: name, priority = 0 }) => [name, priority]) ?? []);
};

/** The endpoints of each locality joined, to its weight. */
const shares = async (policy: string, client: string): Promise<Readonly<Record<string, number>>> => {
  const cluster = await clusterOf(mesh(policy), client);
  return Object.fromEntries(
    cluster?.localities?.map(({ endpoints, weight }) => [endpoints.map(({ pod: name }) => name).join('+'), weight]) ??
      [],
  );
};

const setting = (text: string): string => `loadBalancer: {localityLbSetting: {${text}}}`;
const OUTLIER = 'outlierDetection: {consecutive5xxErrors: 1}';
const DISTRIBUTE = "distribute: [{from: us/a/*, to: {'us/a/*': 70, us/b: 30}}]";
const ALL_ALIKE = { s1: 0, s2: 0, s3: 0, s4: 0 };

describe('sharing load by locality', () => {
  it('divides a share among the localities it is for and leaves the others out', async () => {
    expect(await shares(setting(DISTRIBUTE), 'near')).toEqual({ s1: 35, s2: 35, s3: 30 });
    expect(await priorities(setting(DISTRIBUTE), 'near')).toEqual({ s1: 0, s2: 0, s3: 0 });
  });

  it('is for clients of that locality only, who do not share tables with others', async () => {
    expect(await shares(setting(DISTRIBUTE), 'far')).toEqual({ s1: 1, s2: 1, s3: 1, s4: 1 });
  });

  it('can be switched off', async () => {
    expect(await shares(setting(`enabled: false, ${DISTRIBUTE}`), 'near')).toEqual({});
    expect(await priorities(`${setting('enabled: false')}, ${OUTLIER}`, 'near')).toEqual(ALL_ALIKE);
  });
});

describe('failing over between localities', () => {
  it('needs outlier detection', async () => {
    expect(await priorities(setting('enabled: true'), 'near')).toEqual(ALL_ALIKE);
    expect(await priorities(setting('failover: [{from: us, to: eu}]'), 'near')).toEqual(ALL_ALIKE);
  });

  it('prefers the same subzone, zone and region without being asked', async () => {
    expect(await priorities(OUTLIER, 'near')).toEqual({ s1: 0, s2: 1, s3: 2, s4: 3 });
    expect(await priorities(OUTLIER, 'far')).toEqual({ s4: 0, s1: 1, s2: 1, s3: 1 });
  });

  it('puts regions that failover does not name last', async () => {
    const asia = pod('s5', 's', 'asia.z.1');
    const text = mesh(`${setting('failover: [{from: us, to: asia}]')}, ${OUTLIER}`).replace(
      'apiVersion: networking',
      `${asia.trim()}\napiVersion: networking`,
    );
    const cluster = await clusterOf(text, 'near');
    expect(Object.fromEntries(cluster?.endpoints.map(({ pod: name, priority = 0 }) => [name, priority]) ?? [])).toEqual(
      {
        s1: 0,
        s2: 1,
        s3: 2,
        s5: 3,
        s4: 4,
      },
    );
  });

  it('ranks by labels in common, whose value a rule may give', async () => {
    const byRegion = `${setting('failoverPriority: [topology.kubernetes.io/region]')}, ${OUTLIER}`;
    expect(await priorities(byRegion, 'near')).toEqual({ s1: 0, s2: 0, s3: 0, s4: 1 });
    const byValue = `${setting("failoverPriority: ['topology.kubernetes.io/region=eu']")}, ${OUTLIER}`;
    expect(await priorities(byValue, 'near')).toEqual({ s4: 0, s1: 1, s2: 1, s3: 1 });
  });

  it('follows a Service that prefers its own zone, without outlier detection', async () => {
    const service = ', trafficDistribution: PreferClose';
    expect(await priorities('connectionPool: {tcp: {connectTimeout: 1s}}', 'near', service)).toEqual({
      s1: 0,
      s2: 0,
      s3: 1,
      s4: 2,
    });
  });
});

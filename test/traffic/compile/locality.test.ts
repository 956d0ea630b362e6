import { describe, expect, it } from 'vitest';
import { compileText } from '../compile-text.ts';

const pod = (name: string, app: string, locality: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${app}, istio-locality: ${locality}}}
spec: {containers: [{name: app, image: app}]}
---
`;

const mesh = (rule: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: s}, ports: [{name: http, port: 80}]}
---
${pod('near', 'client', 'us.a.1')}${pod('far', 'client', 'eu.c.1')}
${pod('s1', 's', 'us.a.1')}${pod('s2', 's', 'us.a.2')}${pod('s3', 's', 'us.b.1')}${pod('s4', 's', 'eu.c.1')}
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: s}
spec: {host: s, trafficPolicy: {loadBalancer: {localityLbSetting: ${rule}}}}
`;

const weights = async (rule: string, client: string): Promise<Readonly<Record<string, number>>> => {
  const { proxies } = await compileText(mesh(rule));
  const cluster = proxies.get(`default/${client}`)?.clusters.get('outbound|80||s.default.svc.cluster.local');
  return Object.fromEntries(cluster?.endpoints.map(({ pod: name, weight }) => [name, weight]) ?? []);
};

const DISTRIBUTE = "distribute: [{from: us/a/*, to: {'us/a/*': 70, us/b: 30}}]";

describe('sharing load by locality', () => {
  it('divides a share among the endpoints of a locality and leaves the others out', async () => {
    expect(await weights(`{${DISTRIBUTE}}`, 'near')).toEqual({ s1: 35, s2: 35, s3: 30 });
  });

  it('is for clients of that locality only, who do not share tables with others', async () => {
    expect(await weights(`{${DISTRIBUTE}}`, 'far')).toEqual({ s1: 1, s2: 1, s3: 1, s4: 1 });
  });

  it('can be switched off', async () => {
    expect(await weights(`{enabled: false, ${DISTRIBUTE}}`, 'near')).toEqual({ s1: 1, s2: 1, s3: 1, s4: 1 });
  });

  it('warns of failover, which has no effect', async () => {
    const { problems } = await compileText(mesh('{failover: [{from: us, to: eu}]}'));
    expect(problems.map(({ code }) => code)).toEqual(['UNSUPPORTED_FIELD']);
  });
});

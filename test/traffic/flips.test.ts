import { describe, expect, it } from 'vitest';
import { planMesh } from '../../src/traffic/compile/compile-mesh.ts';
import { findFlips } from '../../src/traffic/explain/flips.ts';
import { viewMesh } from '../../src/traffic/explain/mesh-view.ts';
import { trace } from '../../src/traffic/explain/trace.ts';
import { compileText } from './compile-text.ts';

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}, sidecar.istio.io/inject: 'true'}}
spec: {containers: [{name: ${name}, image: app, ports: [{containerPort: 8080}]}]}
---
`;

const service = (name: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
`;

/** All callers have the same identity: only the route tells them apart. */
const MESH = `${['web', 'tester', 'stable', 'canary'].map(pod).join('')}${['stable', 'canary'].map(service).join('')}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: stable}
spec:
  hosts: [stable]
  http:
  - {match: [{sourceLabels: {app: tester}}], route: [{destination: {host: canary}}]}
  - {route: [{destination: {host: stable}}]}
`;

const flipsFrom = async (from: string, authority: string) => {
  const { world } = await compileText(MESH);
  const view = viewMesh(world, planMesh(world, 1));
  const asked = {
    method: 'GET',
    authority,
    path: '/',
    headers: [],
    isTls: false,
    from,
    gateway: undefined,
    port: undefined,
    dial: undefined,
  };
  const answer = trace(view, asked);
  if ('code' in answer) throw new Error(answer.message);
  return findFlips(view, asked, answer.result).map(({ change, result }) => [change, result.cluster]);
};

describe('flips of a route by the labels of its callers', () => {
  it('name a workload that the route takes', async () => {
    expect(await flipsFrom('default/web', 'stable.default')).toEqual([
      ['from default/tester', 'outbound|80||canary.default.svc.cluster.local'],
    ]);
  });

  it('name a workload that it does not take', async () => {
    expect(await flipsFrom('default/tester', 'stable')).toEqual([
      ['from default/web', 'outbound|80||stable.default.svc.cluster.local'],
    ]);
  });

  it('are none for other hosts', async () => {
    expect(await flipsFrom('default/web', 'canary')).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { replayCase } from './replay.ts';

const config = `apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: default}
spec:
  selector: {matchLabels: {app: client}}
  template:
    metadata: {labels: {app: client}}
    spec: {containers: [{name: app, image: example/app}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: default}
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews, version: v1}}
    spec: {containers: [{name: app, image: example/app, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews}}]
    retries: {attempts: 2, retryOn: 5xx}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: refused, namespace: default}
spec: {hosts: [other], http: [{route: [{destination: {host: reviews}, weight: -1}]}]}
`;

it('a case is replayed over real sockets, without what a cluster refuses', async () => {
  const { results, problems } = await replayCase({
    name: 'literal',
    config,
    requests: [
      { host: 'reviews', path: '/a', headers: { 'x-echo-status': '503', 'x-echo-fail-first': '1' } },
      { host: 'reviews', path: '/', count: 3 },
      { host: 'nowhere', path: '/' },
    ],
    externals: [],
    dns: new Map(),
  });
  expect(problems.filter((problem) => problem.startsWith('error'))).toHaveLength(1);
  expect(results).toMatchObject([
    {
      status: 200,
      answeredBy: { workload: 'reviews-v1', version: 'v1' },
      received: { path: '/a', host: 'reviews' },
      attempts: 2,
      attemptPods: ['reviews-v1-0', 'reviews-v1-0'],
      accessLog: expect.arrayContaining([
        expect.objectContaining({ proxy: 'client', code: 200, flags: '-', attempts: 2, upstream: 'reviews-v1-0:8080' }),
      ]),
    },
    { count: 3, statuses: { 200: 3 }, flags: { 'client -': 3, 'reviews-v1 -': 3 } },
    { error: 'dns: no such host', attempts: 0 },
  ]);
});

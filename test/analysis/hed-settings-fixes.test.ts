import { describe, expect, it } from 'vitest';
import { fixedText } from './fix-all.ts';

const virtualService = (rule: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings.example.com]
  http:
    - ${rule}
`;
const workload = (more: string): string => `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, name: http, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels:
        app: web
        ${more}
    spec: {containers: [{name: app, image: app}]}
---
`;
const rule = (policy: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  trafficPolicy:
${policy}`;
const authorization = (operation: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  rules:
    - to:
        - operation:
            ${operation}
`;
const INJECTED = 'sidecar.istio.io/inject: "true"';

interface Case {
  readonly code: string;
  readonly before: string;
  readonly wrong: string;
  readonly right: string;
}

const UNSAFE: readonly Case[] = [
  {
    code: 'HED0040',
    before: virtualService(
      'route: [{destination: {host: a}}]\n      fault:\n        abort:\n          httpStatus: 503 # often',
    ),
    wrong: 'httpStatus: 503 # often\n',
    right: 'httpStatus: 503 # often\n          percentage: { value: 100 }\n',
  },
  {
    code: 'HED0052',
    before: workload(INJECTED) + rule('    outlierDetection:\n      maxEjectionPercent: 20 # few\n'),
    wrong: '20 # few',
    right: '34 # few',
  },
  {
    code: 'HED0057',
    before: `${workload(INJECTED)}${rule('    tls: {mode: DISABLE}\n')}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web}
spec: {mtls: {mode: STRICT}}
`,
    wrong: 'DISABLE',
    right: 'ISTIO_MUTUAL',
  },
  {
    code: 'HED0058',
    before: workload('sidecar.istio.io/inject: "false"') + rule('    tls: {mode: ISTIO_MUTUAL}\n'),
    wrong: 'ISTIO_MUTUAL',
    right: 'DISABLE',
  },
  { code: 'HED0061', before: authorization("methods: ['get', POST]"), wrong: "'get'", right: "'GET'" },
  { code: 'HED0061', before: authorization('paths: [admin/*]'), wrong: 'admin/*', right: '"/admin/*"' },
  { code: 'HED0066', before: workload(INJECTED) + authorization('ports: ["80"]'), wrong: '"80"', right: '"8080"' },
  {
    code: 'HED0080',
    before: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    istio-injection: "on" # all\n',
    wrong: '"on" # all',
    right: '"enabled" # all',
  },
  {
    code: 'HED0082',
    before: `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web # the front
spec: {containers: [{name: app, image: app}]}
`,
    wrong: 'name: web # the front\n',
    right: 'name: web # the front\n  namespace: shop\n',
  },
];

describe('a setting that never acts', () => {
  it.each(UNSAFE.map((one) => [`${one.code}: ${one.right.trim()}`, one] as const))(
    'is mended when asked for: %s',
    async (_, { code, before, wrong, right }) => {
      expect((await fixedText(before, { code, unsafe: false })).text).toBe(before);
      const { text, problems } = await fixedText(before, { code, unsafe: true });
      expect(problems).toEqual([]);
      expect(text).toBe(before.replace(wrong, right));
    },
  );

  it('is taken out where that changes nothing', async () => {
    const before = virtualService(
      'redirect: {uri: /new}\n      timeout: 5s # never\n      match: [{uri: {prefix: /old}}]',
    );
    const { text } = await fixedText(before, { code: 'HED0046', unsafe: false });
    expect(text).toBe(before.replace('      timeout: 5s # never\n', ''));
  });
});

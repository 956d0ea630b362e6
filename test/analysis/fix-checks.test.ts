import { describe, expect, it } from 'vitest';
import { fixedText, judgeWith } from './fix-all.ts';

/** What a check's fixes make of a configuration; everything beside the differing words is part of the comparison. */
interface Case {
  readonly what: string;
  readonly code: string;
  readonly safety: 'safe' | 'unsafe';
  readonly before: string;
  readonly after: readonly [wrong: string, right: string];
}

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: reviews}
spec:
  ports: [{port: 80, name: http}]
`;
const route = (destination: string, more = ''): string => `${SERVICE}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews # keep me
spec:
  hosts: [reviews]${more}
  http:
    - route:
        - destination: ${destination}
`;
const rule = (spec: string): string => `${SERVICE}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
${spec}`;
const pod = (metadata: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: reviews
${metadata}spec: {containers: [{name: app, image: app}]}
`;

const CASES: readonly Case[] = [
  {
    what: 'a delay in percent',
    code: 'IST0002',
    safety: 'safe',
    before: route('{host: reviews}\n      fault: {delay: {percent: 10, fixedDelay: 2s}} # slow'),
    after: ['percent: 10', 'percentage: { value: 10 }'],
  },
  {
    what: 'an ignored egress proxy',
    code: 'IST0002',
    safety: 'safe',
    before: `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec:
  outboundTrafficPolicy:
    mode: REGISTRY_ONLY
    egressProxy: # the old one
      host: egress.default.svc.cluster.local
`,
    after: ['    egressProxy: # the old one\n      host: egress.default.svc.cluster.local\n', ''],
  },
  {
    what: 'a repeated match',
    code: 'IST0131',
    safety: 'safe',
    before: route(`{host: reviews}
      match:
        - uri: {prefix: /a} # first
        - uri: {prefix: /a} # again
        - uri: {prefix: /b}`),
    after: ['        - uri: {prefix: /a} # again\n', ''],
  },
  {
    what: 'a host listed twice',
    code: 'IST0106',
    safety: 'safe',
    before: route('{host: reviews}').replace('[reviews]', '[reviews, "ratings", reviews]'),
    after: [', reviews]', ']'],
  },
  {
    what: 'a namespace exported to twice',
    code: 'IST0106',
    safety: 'safe',
    before: route('{host: reviews}', '\n  exportTo:\n    - shop\n    - .\n    - shop'),
    after: ['    - .\n    - shop\n', '    - .\n'],
  },
  {
    what: 'a cipher suite named twice',
    code: 'IST0133',
    safety: 'safe',
    before: `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: ["*"]
      tls:
        mode: SIMPLE
        credentialName: edge
        cipherSuites:
          - ECDHE-RSA-AES128-GCM-SHA256
          - ECDHE-RSA-AES128-GCM-SHA256
`,
    after: ['          - ECDHE-RSA-AES128-GCM-SHA256\n          - ECDHE', '          - ECDHE'],
  },
  {
    what: 'a mistyped host of a destination',
    code: 'IST0101',
    safety: 'unsafe',
    before: route("{host: 'reveiws'}"),
    after: ["'reveiws'", "'reviews'"],
  },
  {
    what: 'a host that Istio does not complete',
    code: 'IST0101',
    safety: 'unsafe',
    before: route('{host: reviews.default}'),
    after: ['host: reviews.default', 'host: reviews.default.svc.cluster.local'],
  },
  {
    what: 'a mistyped subset of a destination',
    code: 'IST0101',
    safety: 'unsafe',
    before: `${route('{host: reviews, subset: stabel}')}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: stable}]}
`,
    after: ['stabel', 'stable'],
  },
  {
    what: 'a mistyped gateway',
    code: 'IST0101',
    safety: 'unsafe',
    before: `${route('{host: reviews}', '\n  gateways: [egde, mesh]')}---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
`,
    after: ['egde', 'edge'],
  },
  {
    what: 'a mistyped namespace of a policy',
    code: 'IST0101',
    safety: 'unsafe',
    before: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: warehouse}
spec: {rules: [{from: [{source: {namespaces: ["warehuose", default]}}]}]}
`,
    after: ['"warehuose"', '"warehouse"'],
  },
  {
    what: 'a mistyped host of a DestinationRule',
    code: 'IST0174',
    safety: 'unsafe',
    before: rule('  host: revews # mine\n'),
    after: ['revews', 'reviews'],
  },
  {
    what: 'TLS without certificates',
    code: 'IST0128',
    safety: 'unsafe',
    before: rule('  host: reviews\n  trafficPolicy:\n    tls:\n      mode: SIMPLE # to the world\n'),
    after: ['# to the world\n', '# to the world\n      caCertificates: system\n'],
  },
  {
    what: 'TLS of a port without certificates',
    code: 'IST0129',
    safety: 'unsafe',
    before: rule(
      '  host: reviews\n  trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE, caCertificates: ""}}]}\n',
    ),
    after: ['caCertificates: ""', 'caCertificates: "system"'],
  },
  {
    what: 'an unknown annotation',
    code: 'IST0108',
    safety: 'unsafe',
    before: pod('  annotations:\n    sidecar.istio.io/proxyImge: "a:1"\n'),
    after: ['proxyImge', 'proxyImage'],
  },
  {
    what: 'an annotation that became a label',
    code: 'IST0135',
    safety: 'unsafe',
    before: pod('  annotations:\n    sidecar.istio.io/inject: "true"\n    other: x\n  labels:\n    app: reviews\n'),
    after: [
      '    sidecar.istio.io/inject: "true"\n    other: x\n  labels:\n    app: reviews\n',
      '    other: x\n  labels:\n    app: reviews\n    sidecar.istio.io/inject: "true"\n',
    ],
  },
  {
    what: 'the last annotation that became a label',
    code: 'IST0135',
    safety: 'unsafe',
    before: pod('  annotations: {"sidecar.istio.io/inject": "false"}\n  labels: {app: reviews}\n'),
    after: [
      '  annotations: {"sidecar.istio.io/inject": "false"}\n  labels: {app: reviews}',
      '  labels: {app: reviews, sidecar.istio.io/inject: "false"}',
    ],
  },
  {
    what: 'an annotation of a Deployment that belongs on its pods',
    code: 'IST0107',
    safety: 'unsafe',
    before: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: reviews
  annotations:
    sidecar.istio.io/proxyCPU: 100m
    other: x
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata:
      labels: {app: reviews}
      annotations:
        other: z
    spec: {containers: [{name: app, image: app}]}
`,
    after: [
      `    sidecar.istio.io/proxyCPU: 100m
    other: x
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata:
      labels: {app: reviews}
      annotations:
        other: z
`,
      `    other: x
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata:
      labels: {app: reviews}
      annotations:
        other: z
        sidecar.istio.io/proxyCPU: 100m
`,
    ],
  },
  {
    what: 'a port name with a mistyped protocol',
    code: 'IST0118',
    safety: 'unsafe',
    before: SERVICE.replace('name: http', 'name: htpp-web'),
    after: ['htpp-web', 'http-web'],
  },
  {
    what: 'a mistyped appProtocol in JSON',
    code: 'IST0118',
    safety: 'unsafe',
    before: `{
  "apiVersion": "v1", "kind": "Service", "metadata": {"name": "reviews"},
  "spec": {"ports": [{"port": 80, "name": "web", "appProtocol": "htpp"}]}
}
`,
    after: ['"htpp"', '"http"'],
  },
  {
    what: 'labels that contradict each other',
    code: 'IST0123',
    safety: 'unsafe',
    before:
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    istio-injection: enabled\n    istio.io/rev: canary # new\n',
    after: ['    istio.io/rev: canary # new\n', ''],
  },
  {
    what: 'a webhook of a Service with another name',
    code: 'IST0139',
    safety: 'unsafe',
    before: `apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system}
spec: {ports: [{port: 443, name: https}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks:
  - name: namespace.sidecar-injector.istio.io
    clientConfig: {service: {name: istoid, namespace: istio-system}}
    sideEffects: None
    admissionReviewVersions: [v1]
`,
    after: ['istoid', 'istiod'],
  },
  {
    what: 'a selector of the pods of a Kubernetes Gateway',
    code: 'IST0166',
    safety: 'unsafe',
    before: `apiVersion: v1
kind: Pod
metadata:
  name: edge
  labels: {gateway.networking.k8s.io/gateway-name: edge}
spec: {containers: [{name: istio-proxy, image: proxy}]}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: edge}
spec:
  selector:
    matchLabels:
      gateway.networking.k8s.io/gateway-name: edge
  jwtRules: [{issuer: me, jwks: "{\\"keys\\":[]}"}]
`,
    after: [
      '  selector:\n    matchLabels:\n      gateway.networking.k8s.io/gateway-name: edge\n',
      '  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]\n',
    ],
  },
  {
    what: 'access logging without a provider',
    code: 'IST0157',
    safety: 'unsafe',
    before: `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs}
spec:
  accessLogging:
    - disabled: false
`,
    after: ['    - disabled: false\n', '    - disabled: false\n      providers: [{ name: envoy }]\n'],
  },
];

describe('the fix of', () => {
  it.each(CASES.map((one) => [`${one.what} (${one.code}, ${one.safety})`, one] as const))('%s', async (_, one) => {
    const { code, safety, before, after } = one;
    const [wrong, right] = after;
    expect(before).toContain(wrong);
    const unsafe = safety === 'unsafe';
    // What is not safe needs to be asked for.
    if (unsafe) expect((await fixedText(before, { code, unsafe: false })).text).toBe(before);
    const fixed = await fixedText(before, { code, unsafe });
    expect(fixed.problems).toEqual([]);
    expect(fixed.text).toBe(before.replace(wrong, right));
    expect((await fixedText(fixed.text, { code, unsafe })).text).toBe(fixed.text);
    // The same with the line ends of Windows, and behind a byte order mark.
    const windows = (text: string): string => `\uFEFF${text.replaceAll('\n', '\r\n')}`;
    expect((await fixedText(windows(before), { code, unsafe })).text).toBe(windows(fixed.text));
  });
});

describe('a name that only resembles one that is there', () => {
  it.each([
    [
      'another version',
      `${route('{host: reviews, subset: v2}')}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1}]}
`,
    ],
    ['another service', route('{host: ratings}')],
    [
      'a service of two namespaces',
      `${route('{host: ratings}')}---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: one}
---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: two}
`,
    ],
  ])('is not corrected: %s', async (_, text) => {
    expect((await fixedText(text, { unsafe: true })).text).toBe(text);
    expect((await judgeWith({})([{ name: 'a.yaml', text }])).findings).not.toEqual([]);
  });
});

import type { SourceText } from '../yaml/source-text.ts';

/** Namespace of what local mode brings along for its own use; left out of what it reports of the user's mesh. */
export const SYSTEM_NAMESPACE = 'heddle-system';

/** The built-in client: whoever calls `heddle local curl` without `--from`, or a service by its `.localhost` name. */
export const CLIENT_POD = `${SYSTEM_NAMESPACE}/client-0`;

/**
 * What an Istio installation provides beside the user's objects, in the user's own language: an object of the input
 * with the same kind, namespace and name takes the place of the one here. Access logs are on, as in Istio's demo
 * profile, because local mode is for looking.
 */
export const BUILT_IN: SourceText = {
  name: 'built-in',
  text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: istio
  namespace: istio-system
data:
  mesh: |
    accessLogFile: /dev/stdout
---
apiVersion: v1
kind: Service
metadata:
  name: istio-ingressgateway
  namespace: istio-system
spec:
  selector:
    istio: ingressgateway
  ports:
  - name: http2
    port: 80
    targetPort: 8080
  - name: https
    port: 443
    targetPort: 8443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istio-ingressgateway
  namespace: istio-system
spec:
  selector:
    matchLabels:
      istio: ingressgateway
  template:
    metadata:
      labels:
        app: istio-ingressgateway
        istio: ingressgateway
        sidecar.istio.io/inject: "true"
      annotations:
        inject.istio.io/templates: gateway
    spec:
      serviceAccountName: istio-ingressgateway-service-account
      containers:
      - name: istio-proxy
        image: auto
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: client
  namespace: ${SYSTEM_NAMESPACE}
spec:
  selector:
    matchLabels:
      app: client
  template:
    metadata:
      labels:
        app: client
        sidecar.istio.io/inject: "true"
    spec:
      serviceAccountName: client
      containers:
      - name: client
        image: heddle/client
`,
};

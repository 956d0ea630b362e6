{{- /*
What istiod makes for a Gateway of the Kubernetes Gateway API, whatever proxy serves it. istiod reads each template by itself, so the istiod chart
writes this text before each of them. A template that is given more than the Gateway takes a dict whose "for" is all that istiod gave.
*/}}

{{- /* All objects belong to their Gateway: dict "for" . "name" NAME "labels" LABELS "annotations" ANNOTATIONS; the Gateway's annotations go over those. */}}
{{- define "metadata" }}
  name: {{ quote .name }}
  namespace: {{ quote .for.Namespace }}
  annotations: {{ toJsonMap .annotations (omit .for.InfrastructureAnnotations "kubectl.kubernetes.io/last-applied-configuration" "gateway.istio.io/name-override" "gateway.istio.io/service-account" "gateway.istio.io/controller-version") }}
  labels: {{ toJsonMap .for.InfrastructureLabels (strdict "gateway.networking.k8s.io/gateway-name" .for.Name "gateway.networking.k8s.io/gateway-class-name" .for.GatewayClass) .labels }}
{{- end }}

{{- define "owner" }}
  ownerReferences:
  - {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, name: {{ quote .Name }}, uid: {{ quote .UID }}}
{{- end }}

{{- /* Metadata of the pods: dict "for" . "controller" LABEL "labels" LABELS; the Gateway's labels go over those. */}}
{{- define "pod metadata" }}
      annotations: {{ toJsonMap
        (omit .for.InfrastructureAnnotations "kubectl.kubernetes.io/last-applied-configuration" "gateway.istio.io/name-override" "gateway.istio.io/service-account" "gateway.istio.io/controller-version")
        (strdict "istio.io/rev" (.for.Revision | default "default") "prometheus.io/path" "/stats/prometheus" "prometheus.io/port" "15020" "prometheus.io/scrape" "true") }}
      labels: {{ toJsonMap
        (strdict "sidecar.istio.io/inject" "false" "service.istio.io/canonical-name" .for.DeploymentName "service.istio.io/canonical-revision" "latest")
        .labels
        .for.InfrastructureLabels
        (strdict "gateway.networking.k8s.io/gateway-name" .for.Name "gateway.networking.k8s.io/gateway-class-name" .for.GatewayClass "gateway.istio.io/managed" .controller) }}
{{- end }}

{{- /* Gateways may listen on 80 and 443 without being root. */}}
{{- define "gateway security" }}
{{- $security := dict "sysctls" (list (dict "name" "net.ipv4.ip_unprivileged_port_start" "value" "0")) }}
{{- with .Values.gateways.seccompProfile }}{{ $security = set $security "seccompProfile" . }}{{ end }}
      securityContext: {{ .Values.gateways.securityContext | default $security | toJson }}
{{- end }}

{{- /* Where waypoints are placed. */}}
{{- define "waypoint placement" }}
{{- $waypoint := .Values.global.waypoint }}
{{- range $field := list "affinity" "topologySpreadConstraints" "nodeSelector" "tolerations" }}
{{- with index $waypoint $field }}
      {{ $field }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "unprivileged" }}
          privileged: false
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          runAsNonRoot: true
          capabilities: {drop: [ALL]}
{{- end }}

{{- define "pull policy" }}
{{- with .Values.global.imagePullPolicy }}
        imagePullPolicy: {{ quote . }}
{{- end }}
{{- end }}

{{- define "probes" }}
{{- range $probe, $numbers := dict "startup" (list 30 1 1) "readiness" (list 4 0 15) }}
        {{ $probe }}Probe:
          httpGet: {path: /healthz/ready, port: 15021, scheme: HTTP}
          failureThreshold: {{ index $numbers 0 }}
          initialDelaySeconds: {{ index $numbers 1 }}
          periodSeconds: {{ index $numbers 2 }}
          successThreshold: 1
          timeoutSeconds: 1
{{- end }}
{{- end }}

{{- define "from field" }}valueFrom: {fieldRef: {fieldPath: {{ . }}}}{{ end }}

{{- define "from limit" }}valueFrom: {resourceFieldRef: {resource: limits.{{ . }}, divisor: "1"}}{{ end }}

{{- define "proxy metadata" }}
{{- range $name, $value := .ProxyConfig.ProxyMetadata }}
        - {name: {{ quote $name }}, value: {{ quote $value }}}
{{- end }}
{{- end }}

{{- define "certificate authority" }}
{{- $revision := ternary "" (print "-" .Values.revision) (empty .Values.revision) }}
{{- .Values.global.caAddress | default (print "istiod" $revision "." .Values.global.istioNamespace ".svc:15012") | quote }}
{{- end }}

{{- define "root certificate" }}
      - name: istiod-ca-cert
{{- if eq ((.Values.pilot).env).ENABLE_CLUSTER_TRUST_BUNDLE_API true }}
        projected:
          sources:
          - clusterTrustBundle: {name: {{ .Values.global.trustBundleName | default "root-cert" | print "istio.io:istiod-ca:" | quote }}, path: root-cert.pem}
{{- else }}
        configMap: {name: {{ .Values.global.trustBundleName | default "istio-ca-root-cert" | quote }}}
{{- end }}
{{- end }}

{{- /* A token to show to istiod: dict "name" NAME "audience" AUDIENCE. */}}
{{- define "token" }}
      - name: {{ .name }}
        projected:
          sources:
          - serviceAccountToken: {path: {{ .name }}, expirationSeconds: 43200, audience: {{ quote .audience }}}
{{- end }}

{{- define "pull secrets" }}
{{- with .Values.global.imagePullSecrets }}
      imagePullSecrets:
{{- range . }}
      - name: {{ quote . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "account" }}
apiVersion: v1
kind: ServiceAccount
metadata:
{{- template "metadata" (dict "for" . "name" .ServiceAccount "labels" (strdict) "annotations" (strdict)) }}
{{- template "owner" . }}
{{- end }}

{{- /* The deployment as far as its pods: dict "for" . "controller" LABEL "pods" LABELS. */}}
{{- define "deployment" }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
{{- template "metadata" (dict "for" .for "name" .for.DeploymentName "labels" (strdict "gateway.istio.io/managed" .controller) "annotations" (strdict)) }}
{{- template "owner" .for }}
spec:
  selector: {matchLabels: {{ toJsonMap (strdict .for.GatewayNameLabel .for.Name) }}}
  template:
    metadata:
{{- template "pod metadata" (dict "for" .for "controller" .controller "labels" .pods) }}
    spec:
      serviceAccountName: {{ quote .for.ServiceAccount }}
{{- template "pull secrets" .for }}
{{- end }}

{{- /*
How the deployment is reached, and what scales and protects it: dict "for" . "annotations" ANNOTATIONS "protocol" what all ports have,
or nothing. istiod makes the last two only where a class or a Gateway says more of them.
*/}}
{{- define "service and scale" }}
---
apiVersion: v1
kind: Service
metadata:
{{- template "metadata" (dict "for" .for "name" .for.DeploymentName "labels" (strdict) "annotations" .annotations) }}
{{- template "owner" .for }}
spec:
  type: {{ quote .for.ServiceType }}
  ipFamilyPolicy: PreferDualStack
{{- if and .for.Spec.Addresses (eq .for.ServiceType "LoadBalancer") }}
  loadBalancerIP: {{ quote (index .for.Spec.Addresses 0).Value }}
{{- end }}
  selector: {{ toJsonMap (strdict .for.GatewayNameLabel .for.Name) }}
  ports:
{{- $protocol := .protocol }}
{{- range .for.Ports }}
  - {name: {{ quote .Name }}, port: {{ .Port }}, protocol: {{ $protocol | default .Protocol }}, appProtocol: {{ .AppProtocol }}}
{{- end }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
{{- template "metadata" (dict "for" .for "name" .for.DeploymentName "labels" (strdict) "annotations" (strdict)) }}
{{- template "owner" .for }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ quote .for.DeploymentName }}}
  maxReplicas: 1
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
{{- template "metadata" (dict "for" .for "name" .for.DeploymentName "labels" (strdict) "annotations" (strdict)) }}
{{- template "owner" .for }}
spec:
  selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: {{ quote .for.Name }}}}
{{- end }}

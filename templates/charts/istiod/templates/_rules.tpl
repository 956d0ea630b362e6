{{- /* What istiod may do in the whole cluster. */}}
{{- define "istiod.rules" -}}
{{- $all := list "get" "watch" "list" "update" "patch" "create" "delete" }}
{{- $mcs := .Values.env.MCS_API_GROUP | default "multicluster.x-k8s.io" }}
{{- $istio := list "config.istio.io" "security.istio.io" "networking.istio.io" "authentication.istio.io" "rbac.istio.io" "telemetry.istio.io" "extensions.istio.io" }}
{{- /* It fills the bundle of its root into its own webhooks. */}}
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  verbs: [get, list, watch, update, patch]
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations]
  verbs: [get, list, watch, update]
- apiGroups: {{ toJson $istio }}
  resources: ["*"]
  verbs: [get, watch, list]
{{- if .Values.global.istiod.enableAnalysis }}
- apiGroups: {{ toJson $istio }}
  resources:
  {{- range list "authorizationpolicies" "destinationrules" "envoyfilters" "gateways" "peerauthentications" "proxyconfigs" "requestauthentications" "serviceentries" "sidecars" "telemetries" "virtualservices" "wasmplugins" "workloadentries" "workloadgroups" }}
  - {{ . }}/status
  {{- end }}
  verbs: [update, patch]
{{- end }}
{{- /* Workloads register themselves, and addresses are given to entries without one. */}}
- apiGroups: [networking.istio.io]
  resources: [workloadentries]
  verbs: {{ toJson $all }}
- apiGroups: [networking.istio.io]
  resources: [workloadentries/status, serviceentries/status]
  verbs: {{ toJson $all }}
- apiGroups: [security.istio.io]
  resources: [authorizationpolicies/status]
  verbs: {{ toJson $all }}
- apiGroups: [""]
  resources: [services/status]
  verbs: {{ toJson $all }}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch]
{{- /* Discovery. */}}
- apiGroups: [""]
  resources: [pods, nodes, services, namespaces, endpoints]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
{{- if .Values.taint.enabled }}
- apiGroups: [""]
  resources: [nodes]
  verbs: [patch]
{{- end }}
{{- /* Ingress. */}}
{{- if .Values.global.istiod.enableAnalysis }}
- apiGroups: [extensions, networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch]
- apiGroups: [extensions, networking.k8s.io]
  resources: [ingresses/status]
  verbs: ["*"]
{{- end }}
- apiGroups: [networking.k8s.io]
  resources: [ingresses, ingressclasses]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: ["*"]
{{- /* The root certificate in every namespace. */}}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, get, list, watch, update]
{{- if or .Values.env.EXTERNAL_CA (not (has .Values.global.pilotCertProvider (list "istiod" "custom" "none"))) }}
- apiGroups: [certificates.k8s.io]
  resources: [certificatesigningrequests, certificatesigningrequests/approval, certificatesigningrequests/status]
  verbs: [update, create, get, delete, watch]
- apiGroups: [certificates.k8s.io]
  resources: [signers]
  {{- with .Values.global.certSigners }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [approve]
{{- end }}
{{- if eq .Values.env.ENABLE_CLUSTER_TRUST_BUNDLE_API true }}
- apiGroups: [certificates.k8s.io]
  resources: [clustertrustbundles]
  verbs: [update, create, delete, list, watch, get]
- apiGroups: [certificates.k8s.io]
  resources: [signers]
  resourceNames: [istio.io/istiod-ca]
  verbs: [attest]
{{- end }}
{{- /* Who asks, and may he. */}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- /* The Gateway API. */}}
- apiGroups: [gateway.networking.k8s.io, gateway.networking.x-k8s.io]
  resources: ["*"]
  verbs: [get, watch, list]
- apiGroups: [gateway.networking.x-k8s.io]
  resources: [xbackends/status, xbackendtrafficpolicies/status]
  verbs: [update, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources:
  {{- range list "backendtlspolicies" "gatewayclasses" "gateways" "grpcroutes" "httproutes" "referencegrants" "tcproutes" "tlsroutes" "udproutes" "listenersets" }}
  - {{ . }}/status
  {{- end }}
  verbs: [update, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses]
  verbs: [create, update, patch, delete]
- apiGroups: [inference.networking.k8s.io]
  resources: [inferencepools]
  verbs: [get, watch, list]
- apiGroups: [inference.networking.k8s.io]
  resources: [inferencepools/status]
  verbs: [update, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, watch, list]
- apiGroups: [{{ quote $mcs }}]
  resources: [serviceexports]
  verbs: [get, watch, list, create, delete]
- apiGroups: [{{ quote $mcs }}]
  resources: [serviceimports]
  verbs: [get, watch, list]
{{- end }}

{{- /* What it may do to deploy the gateways that Gateway objects ask for. */}}
{{- define "istiod.gateway rules" -}}
{{- range $group, $kind := dict "apps" "deployments" "autoscaling" "horizontalpodautoscalers" "policy" "poddisruptionbudgets" }}
- {apiGroups: [{{ $group }}], resources: [{{ $kind }}], verbs: [get, watch, list, update, patch, create, delete]}
{{- end }}
{{- range list "services" "serviceaccounts" }}
- {apiGroups: [""], resources: [{{ . }}], verbs: [get, watch, list, update, patch, create, delete]}
{{- end }}
{{- end }}

{{- /* What a control plane in another cluster may read here, and what it may do where this cluster has none. */}}
{{- define "istiod.reader rules" -}}
{{- $mcs := .Values.env.MCS_API_GROUP | default "multicluster.x-k8s.io" }}
- apiGroups: [config.istio.io, security.istio.io, networking.istio.io, authentication.istio.io, rbac.istio.io, telemetry.istio.io, extensions.istio.io]
  resources: ["*"]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [endpoints, pods, services, nodes, replicationcontrollers, namespaces, secrets, configmaps]
  verbs: [get, list, watch]
- apiGroups: [networking.istio.io]
  resources: [workloadentries]
  verbs: [get, watch, list]
- apiGroups: [networking.x-k8s.io, gateway.networking.k8s.io]
  resources: [gateways]
  verbs: [get, watch, list]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [{{ quote $mcs }}]
  resources: [serviceexports]
  verbs: [get, list, watch, create, delete]
- apiGroups: [{{ quote $mcs }}]
  resources: [serviceimports]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch]
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- if .Values.istiodRemote.enabled }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, get, list, watch, update]
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  verbs: [get, list, watch, update, patch]
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingwebhookconfigurations]
  verbs: [get, list, watch, update]
{{- end }}
{{- end }}

{{- /* What it may do in its own namespace. */}}
{{- define "istiod.own rules" -}}
{{- /* It asks its own webhook to validate a Gateway, to know that it does. */}}
- {apiGroups: [networking.istio.io], resources: [gateways], verbs: [create]}
{{- /* Its signing key. */}}
- {apiGroups: [""], resources: [secrets], verbs: [create, get, watch, list, update, delete]}
- {apiGroups: [""], resources: [configmaps], verbs: [delete]}
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, update, patch, create]}
{{- end }}

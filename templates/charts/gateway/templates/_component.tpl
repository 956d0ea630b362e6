{{- /* All of these take one of Components: dict "root" $ "key" KEY "component" NAME "gateway" SETTINGS. */}}
{{- define "component.labels" -}}
release: {{ .root.Release.Name }}
{{ include "labels of revision" . }}
{{- end }}

{{- define "component.own labels" -}}
{{ toYaml .gateway.labels }}
{{ include "component.labels" . }}
{{- end }}

{{- /* Affinity: architectures by weight, the node selector, and pods to keep away from. */}}
{{- define "component.affinity" -}}
{{- $architectures := list }}
{{- $preferred := list }}
{{- range $name, $weight := .root.Values.global.arch }}
  {{- if gt (int $weight) 0 }}
    {{- $is := dict "key" "kubernetes.io/arch" "operator" "In" "values" (list $name) }}
    {{- $architectures = append $architectures $name }}
    {{- $preferred = append $preferred (dict "weight" (int $weight) "preference" (dict "matchExpressions" (list $is))) }}
  {{- end }}
{{- end }}
{{- $required := list }}
{{- if .root.Values.global.arch }}{{ $required = append $required (dict "key" "kubernetes.io/arch" "operator" "In" "values" $architectures) }}{{ end }}
{{- range $name, $value := .gateway.nodeSelector | default .root.Values.global.defaultNodeSelector }}
  {{- $required = append $required (dict "key" $name "operator" "In" "values" (list (toString $value))) }}
{{- end }}
{{- $node := dict }}
{{- if $preferred }}{{ $_ := set $node "preferredDuringSchedulingIgnoredDuringExecution" $preferred }}{{ end }}
{{- if $required }}
  {{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" (list (dict "matchExpressions" $required))) }}
{{- end }}
{{- $affinity := dict }}
{{- if $node }}{{ $_ := set $affinity "nodeAffinity" $node }}{{ end }}
{{- $apart := dict }}
{{- with .gateway.podAntiAffinityLabelSelector }}
  {{- $_ := set $apart "requiredDuringSchedulingIgnoredDuringExecution" (include "component.terms" . | fromYamlArray) }}
{{- end }}
{{- with .gateway.podAntiAffinityTermLabelSelector }}
  {{- $weighed := list }}
  {{- range include "component.terms" . | fromYamlArray }}{{ $weighed = append $weighed (dict "weight" 100 "podAffinityTerm" .) }}{{ end }}
  {{- $_ := set $apart "preferredDuringSchedulingIgnoredDuringExecution" $weighed }}
{{- end }}
{{- if $apart }}{{ $_ := set $affinity "podAntiAffinity" $apart }}{{ end }}
{{- toJson $affinity }}
{{- end }}

{{- /* Terms of pod affinity from values in which lists are written with commas. */}}
{{- define "component.terms" -}}
{{- range . }}
{{- $expression := dict "key" .key "operator" .operator }}
{{- with .values }}{{ $_ := set $expression "values" (splitList "," .) }}{{ end }}
{{- $term := dict "topologyKey" .topologyKey "labelSelector" (dict "matchExpressions" (list $expression)) }}
{{- with .namespaces }}{{ $_ := set $term "namespaces" (splitList "," .) }}{{ end }}
- {{ toJson $term }}
{{- end }}
{{- end }}

{{- /* Environment of a proxy that no injector completes. */}}
{{- define "component.env" -}}
{{- $gateway := .gateway }}
{{- $global := .root.Values.global }}
{{- $mesh := .root.Values.meshConfig }}
{{- $istiod := print "istiod" (ternary "" (print "-" .root.Values.revision) (empty .root.Values.revision)) "." $global.istioNamespace ".svc:15012" }}
- {name: PILOT_CERT_PROVIDER, value: {{ quote $global.pilotCertProvider }}}
- {name: CA_ADDR, value: {{ $global.caAddress | default $istiod | quote }}}
{{- range $variable := list "NODE_NAME spec.nodeName" "POD_NAME metadata.name" "POD_NAMESPACE metadata.namespace" "INSTANCE_IP status.podIP" "HOST_IP status.hostIP" }}
{{- $parts := splitList " " $variable }}
- {name: {{ index $parts 0 }}, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: {{ index $parts 1 }}}}}
{{- end }}
- {name: ISTIO_CPU_LIMIT, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "1"}}}
- {name: SERVICE_ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
- {name: ISTIO_META_WORKLOAD_NAME, value: {{ quote $gateway.name }}}
- {name: ISTIO_META_OWNER, value: kubernetes://apis/apps/v1/namespaces/{{ .root.Release.Namespace }}/deployments/{{ $gateway.name }}}
{{- with $global.meshID | default $mesh.trustDomain }}
- {name: ISTIO_META_MESH_ID, value: {{ quote . }}}
{{- end }}
{{- with $mesh.trustDomain }}
- {name: TRUST_DOMAIN, value: {{ quote . }}}
{{- end }}
{{- if not $gateway.runAsRoot }}
- {name: ISTIO_META_UNPRIVILEGED_POD, value: "true"}
{{- end }}
{{- include "env" $gateway.env }}
{{- include "env" $mesh.defaultConfig.proxyMetadata }}
{{- if and $global.network (not $gateway.env.ISTIO_META_NETWORK) }}
- {name: ISTIO_META_NETWORK, value: {{ quote $global.network }}}
{{- end }}
- {name: ISTIO_META_CLUSTER_ID, value: {{ $global.multiCluster.clusterName | default "Kubernetes" | quote }}}
- {name: ISTIO_META_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
{{- end }}

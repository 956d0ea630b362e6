{{- /* Labels of istiod's objects; those of a revision carry more. */}}
{{- define "istiod.labels" -}}
app.kubernetes.io/name: istiod
release: {{ .Release.Name }}
{{ include "labels" . }}
{{- end }}

{{- define "istiod.labels of revision" -}}
release: {{ .Release.Name }}
{{ include "labels of revision" (dict "root" . "component" "Pilot" "name" "istiod") }}
{{- end }}

{{- /* What stands at a path, as text; nothing where the path leads nowhere: dict "values" VALUES "path" PATH. */}}
{{- define "istiod.setting" -}}
{{- $at := .values }}
{{- range splitList "." .path }}
  {{- if kindIs "map" $at }}{{ $at = get $at . }}{{ else }}{{ $at = "" }}{{ end }}
{{- end }}
{{- if not (kindIs "invalid" $at) }}{{ toString $at }}{{ end }}
{{- end }}

{{- define "istiod.ports" -}}
- {name: grpc-xds, port: 15010, protocol: TCP}
- {name: https-dns, port: 15012, protocol: TCP}
- {name: https-webhook, port: 443, targetPort: 15017, protocol: TCP}
- {name: http-monitoring, port: 15014, protocol: TCP}
{{- end }}

{{- define "istiod.addresses" -}}
{{- with .ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}

{{- /* Whether metrics or traces go to a provider that no one named: dict "root" $ "provider" NAME; "true" or "false". */}}
{{- define "istiod.default provider" -}}
{{- $telemetry := .root.Values.telemetry }}
{{- and (not .root.Values.meshConfig.defaultProviders) $telemetry.enabled $telemetry.v2.enabled (index $telemetry.v2 .provider).enabled | empty | not }}
{{- end }}

{{- /* A webhook that injects: dict "root" $ "name" PREFIX "namespaces" EXPRESSIONS "objects" EXPRESSIONS "bundle" BOOL. */}}
{{- define "istiod.injecting webhook" }}
{{- $remote := .root.Values.istiodRemote }}
- name: {{ .name }}.sidecar-injector.istio.io
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  reinvocationPolicy: {{ .root.Values.sidecarInjectorWebhook.reinvocationPolicy | quote }}
  clientConfig:
    {{- with $remote.injectionURL }}
    url: {{ quote . }}
    {{- else }}
    service: {name: {{ .root.Istiod.name }}, namespace: {{ .root.Release.Namespace | quote }}, path: {{ $remote.injectionPath | quote }}, port: 443}
    {{- end }}
    {{- with and .bundle $remote.injectionCABundle }}
    caBundle: {{ quote . }}
    {{- end }}
  rules:
  - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  namespaceSelector: {matchExpressions: {{ toJson .namespaces }}}
  objectSelector: {matchExpressions: {{ toJson .objects }}}
{{- end }}

{{- /*
The webhooks of a revision or of a tag, "default" of which injects also what names no revision: dict "root" $ "revision" NAME "isDefault" BOOL
"bundle" BOOL. A label on the namespace decides before one on the pod, and istio-injection before istio.io/rev.
*/}}
{{- define "istiod.injecting webhooks" }}
{{- $is := dict "key" "istio.io/rev" "operator" "In" "values" (list .revision) }}
{{- $noRevision := dict "key" "istio.io/rev" "operator" "DoesNotExist" }}
{{- $noInjection := dict "key" "istio-injection" "operator" "DoesNotExist" }}
{{- $enabled := dict "key" "istio-injection" "operator" "In" "values" (list "enabled") }}
{{- $allowed := dict "key" "sidecar.istio.io/inject" "operator" "NotIn" "values" (list "false") }}
{{- $asked := dict "key" "sidecar.istio.io/inject" "operator" "In" "values" (list "true") }}
{{- $unsaid := dict "key" "sidecar.istio.io/inject" "operator" "DoesNotExist" }}
{{- $system := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" (list "kube-system" "kube-public" "kube-node-lease" "local-path-storage") }}
{{- include "istiod.injecting webhook" (dict "root" .root "bundle" .bundle "name" "rev.namespace" "namespaces" (list $is $noInjection) "objects" (list $allowed)) }}
{{- include "istiod.injecting webhook" (dict "root" .root "bundle" .bundle "name" "rev.object" "namespaces" (list $noRevision $noInjection) "objects" (list $allowed $is)) }}
{{- if .isDefault }}
{{- include "istiod.injecting webhook" (dict "root" .root "bundle" .bundle "name" "namespace" "namespaces" (list $enabled) "objects" (list $allowed)) }}
{{- include "istiod.injecting webhook" (dict "root" .root "bundle" .bundle "name" "object" "namespaces" (list $noInjection $noRevision) "objects" (list $asked $noRevision)) }}
{{- if .root.Values.sidecarInjectorWebhook.enableNamespacesByDefault }}
{{- include "istiod.injecting webhook" (dict "root" .root "bundle" .bundle "name" "auto" "namespaces" (list $noInjection $noRevision $system) "objects" (list $unsaid $noRevision)) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Labels of every object. */}}
{{- define "labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: istio
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end }}

{{- /* Labels of an object that belongs to a revision and a component: dict "root" $ "component" NAME "name" APP. */}}
{{- define "labels of revision" -}}
istio.io/rev: {{ .root.Values.revision | default "default" | quote }}
install.operator.istio.io/owning-resource: {{ .root.Values.ownerName | default "unknown" | quote }}
operator.istio.io/component: {{ .component | quote }}
app.kubernetes.io/name: {{ .name | quote }}
{{ include "labels" .root }}
{{- end }}

{{- /* Amounts that are set, of requests and limits, as JSON. */}}
{{- define "resources" -}}
{{- $set := dict }}
{{- range $kind := list "requests" "limits" }}
  {{- $amounts := dict }}
  {{- range $resource, $amount := index $ $kind }}
    {{- if $amount }}{{ $_ := set $amounts $resource $amount }}{{ end }}
  {{- end }}
  {{- if $amounts }}{{ $_ := set $set $kind $amounts }}{{ end }}
{{- end }}
{{- toJson $set }}
{{- end }}

{{- /* A list of environment variables from a map. */}}
{{- define "env" -}}
{{- range $name, $value := . }}
- {name: {{ quote $name }}, value: {{ toString $value | quote }}}
{{- end }}
{{- end }}

{{- define "pull secrets" -}}
{{- with . }}
imagePullSecrets:
{{- range . }}
- name: {{ quote . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The volume that holds the root certificate: dict "env" PILOT-ENV "name" BUNDLE "optional" BOOL. */}}
{{- define "root certificate" -}}
{{- if eq (.env).ENABLE_CLUSTER_TRUST_BUNDLE_API true -}}
{{- $bundle := dict "name" (print "istio.io:istiod-ca:" (.name | default "root-cert")) "path" "root-cert.pem" }}
{{- if .optional }}{{ $_ := set $bundle "optional" true }}{{ end -}}
projected: {sources: [{clusterTrustBundle: {{ toJson $bundle }}}]}
{{- else -}}
{{- $map := dict "name" (.name | default "istio-ca-root-cert") }}
{{- if .optional }}{{ $_ := set $map "optional" true }}{{ $_ := set $map "defaultMode" 420 }}{{ end -}}
configMap: {{ toJson $map }}
{{- end }}
{{- end }}

{{- /* The kinds of objects the stable channel leaves out of Istio's API: what both of its policies refuse. */}}
{{- define "stable channel" -}}
variables:
{{- range list "EnvoyFilter" "WasmPlugin" "ProxyConfig" "Telemetry" "AuthorizationPolicy" }}
- {name: is{{ . }}, expression: "object.kind == '{{ . }}'"}
{{- end }}
validations:
{{- range list "EnvoyFilter" "WasmPlugin" "ProxyConfig" }}
- expression: "!variables.is{{ . }}"
{{- end }}
- expression: |
    !(
      variables.isTelemetry && (
        (has(object.spec.tracing) ? object.spec.tracing : {}).exists(t, has(t.useRequestIdForTraceSampling)) ||
        (has(object.spec.metrics) ? object.spec.metrics : {}).exists(m, has(m.reportingInterval)) ||
        (has(object.spec.accessLogging) ? object.spec.accessLogging : {}).exists(l, has(l.filter))
      )
    )
- expression: |
    !(
      variables.isAuthorizationPolicy &&
      has(object.spec.rules) &&
      object.spec.rules.exists(r,
        has(r.from) && r.from.exists(f,
          has(f.source) && (has(f.source.trustDomains) || has(f.source.notTrustDomains))
        )
      )
    )
{{- end }}

{{- /* What Istio's webhook and policies look at. */}}
{{- define "configuration" -}}
apiGroups: [security.istio.io, networking.istio.io, telemetry.istio.io, extensions.istio.io]
apiVersions: ["*"]
operations: [CREATE, UPDATE]
resources: ["*"]
{{- end }}

{{- /* A validating webhook of istiod: dict "root" $ "name" NAME "istiod" SERVICE. */}}
{{- define "validating webhook" -}}
{{- $base := .root.Values.base }}
- name: {{ .name }}
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig:
    {{- with $base.validationURL }}
    url: {{ quote . }}
    {{- else }}
    service: {name: {{ .istiod }}, namespace: {{ .root.Values.global.istioNamespace | quote }}, path: /validate}
    {{- end }}
    {{- with $base.validationCABundle }}
    caBundle: {{ quote . }}
    {{- end }}
  rules:
  - {{- include "configuration" . | nindent 4 }}
  {{- /* Without a bundle of its own it lets pass until istiod is ready, fills in the bundle and makes it strict. */}}
  {{- if $base.validationCABundle }}
  failurePolicy: Fail
  {{- else if or $base.validationFailurePolicy (not .root.Release.IsUpgrade) }}
  failurePolicy: {{ $base.validationFailurePolicy | default "Ignore" }}
  {{- end }}
{{- end }}

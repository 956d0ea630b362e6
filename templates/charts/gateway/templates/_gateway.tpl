{{- /* Labels of the gateway that the top-level settings ask for. */}}
{{- define "gateway.labels" -}}
{{- $labels := include "labels" . | fromYaml }}
{{- range $name, $value := merge (deepCopy .Standalone.selector) (omit .Values.labels "app" "istio") (dict "app.kubernetes.io/name" .Standalone.name) }}
  {{- $_ := set $labels $name (toString $value) }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{- define "gateway.metadata" -}}
name: {{ quote .name }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "gateway.labels" .root | nindent 2 }}
{{- with .annotations }}
annotations: {{ toJson . }}
{{- end }}
{{- end }}

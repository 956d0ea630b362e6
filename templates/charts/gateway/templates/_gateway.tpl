{{- /* Labels of the gateway that the top-level settings ask for. */}}
{{- define "gateway.labels" -}}
{{ toYaml .Standalone.selector }}
{{- with omit .Values.labels "app" "istio" }}
{{ toYaml . }}
{{- end }}
app.kubernetes.io/name: {{ quote .Standalone.name }}
{{ include "labels" . }}
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

{{- /* The mesh configuration: that of an installation that sets nothing, what single values say of it, and meshConfig over both. */}}
{{- define "istiod.mesh" -}}
{{- $global := .Values.global }}
{{- $mesh := .Files.Get "files/injection/mesh.yaml" | fromYaml }}
{{- $_ := set $mesh "rootNamespace" (.Values.meshConfig.rootNamespace | default $global.istioNamespace) }}
{{- $_ := unset $mesh "enablePrometheusMerge" }}

{{- $prometheus := include "istiod.default provider" (dict "root" . "provider" "prometheus") | eq "true" }}
{{- $stackdriver := include "istiod.default provider" (dict "root" . "provider" "stackdriver") | eq "true" }}
{{- $metrics := list }}
{{- if $prometheus }}{{ $metrics = append $metrics "prometheus" }}{{ end }}
{{- if $stackdriver }}{{ $metrics = append $metrics "stackdriver" }}{{ end }}
{{- $_ := unset $mesh "defaultProviders" }}
{{- if $metrics }}{{ $_ := set $mesh "defaultProviders" (dict "metrics" $metrics) }}{{ end }}
{{- if $stackdriver }}{{ $_ := set $mesh.defaultProviders "accessLogging" (list "stackdriver") }}{{ end }}

{{- $proxy := dict }}
{{- with $global.meshID }}{{ $_ := set $proxy "meshId" . }}{{ end }}
{{- with $global.proxy.variant | default $global.variant }}{{ $_ := set $proxy "image" (dict "imageType" .) }}{{ end }}
{{- $service := .Istiod.name }}
{{- if $global.remotePilotAddress }}
  {{- $service = ternary "istiod-remote" "istiod" (and .Values.istiodRemote.enabled .Values.istiodRemote.enabledLocalInjectorIstiod | empty | not) }}
{{- end }}
{{- $_ := set $proxy "discoveryAddress" (printf "%s.%s.svc:15012" $service .Release.Namespace) }}

{{- $tracer := $global.proxy.tracer }}
{{- $settings := index ($global.tracer | default dict) $tracer | default dict }}
{{- if eq $tracer "lightstep" }}
  {{- $_ := set $proxy "tracing" (dict $tracer (dict "address" $settings.address "accessToken" $settings.accessToken)) }}
{{- else if eq $tracer "zipkin" }}
  {{- $_ := set $proxy "tracing" (dict $tracer (dict "address" ($settings.address | default (printf "zipkin.%s:9411" $global.istioNamespace)))) }}
{{- else if eq $tracer "datadog" }}
  {{- $_ := set $proxy "tracing" (dict $tracer (dict "address" ($settings.address | default "$(HOST_IP):8126"))) }}
{{- else if eq $tracer "stackdriver" }}
  {{- $limits := dict "debug" ($settings.debug | default false) }}
  {{- range list "maxNumberOfAttributes" "maxNumberOfAnnotations" "maxNumberOfMessageEvents" }}
    {{- $_ := set $limits . (index $settings . | default 200) }}
  {{- end }}
  {{- $_ := set $proxy "tracing" (dict $tracer $limits) }}
{{- else if ne $tracer "none" }}
  {{- $_ := set $proxy "tracing" nil }}
{{- end }}
{{- $_ := set $mesh "defaultConfig" $proxy }}
{{- mustMergeOverwrite $mesh .Values.meshConfig | toYaml }}
{{- end }}

{{- /* What Istio's own proxy needs as a gateway or a waypoint. */}}

{{- define "proxy image" }}
{{- $image := annotation .ObjectMeta "sidecar.istio.io/proxyImage" .Values.global.proxy.image }}
{{- ternary $image .ProxyImage (contains "/" $image) | quote }}
{{- end }}

{{- define "proxy ports" }}
        ports:
        - {name: metrics, containerPort: 15020, protocol: TCP}
        - {name: status-port, containerPort: 15021, protocol: TCP}
        - {name: http-envoy-prom, containerPort: 15090, protocol: TCP}
{{- end }}

{{- define "domain" }}
        - --domain
        - $(POD_NAMESPACE).svc.{{ .Values.global.proxy.clusterDomain }}
{{- end }}

{{- define "logging" }}
        - --proxyLogLevel
        - {{ annotation .ObjectMeta "sidecar.istio.io/logLevel" .Values.global.proxy.logLevel | quote }}
        - --proxyComponentLogLevel
        - {{ annotation .ObjectMeta "sidecar.istio.io/componentLogLevel" .Values.global.proxy.componentLogLevel | quote }}
        - --log_output_level
        - {{ annotation .ObjectMeta "sidecar.istio.io/agentLogLevel" .Values.global.logging.level | quote }}
{{- if .Values.global.logAsJson }}
        - --log_as_json
{{- end }}
{{- end }}

{{- /* Who the proxy is: dict "for" . "cluster" CLUSTER "interception" MODE. */}}
{{- define "proxy identity" }}
{{- $global := .for.Values.global }}
{{- $trustDomain := valueOrDefault .for.MeshConfig.TrustDomain $global.trustDomain }}
        - {name: PILOT_CERT_PROVIDER, value: {{ quote $global.pilotCertProvider }}}
        - {name: CA_ADDR, value: {{ template "certificate authority" .for }}}
        - {name: POD_NAME, {{ template "from field" "metadata.name" }}}
        - {name: POD_NAMESPACE, {{ template "from field" "metadata.namespace" }}}
        - {name: INSTANCE_IP, {{ template "from field" "status.podIP" }}}
        - {name: SERVICE_ACCOUNT, {{ template "from field" "spec.serviceAccountName" }}}
        - {name: HOST_IP, {{ template "from field" "status.hostIP" }}}
        - {name: ISTIO_CPU_LIMIT, {{ template "from limit" "cpu" }}}
        - {name: GOMEMLIMIT, {{ template "from limit" "memory" }}}
        - {name: PROXY_CONFIG, value: {{ print (protoToJSON .for.ProxyConfig) "\n" | quote }}}
        - {name: ISTIO_META_CLUSTER_ID, value: {{ valueOrDefault $global.multiCluster.clusterName .cluster | quote }}}
        - {name: ISTIO_META_NODE_NAME, {{ template "from field" "spec.nodeName" }}}
        - {name: ISTIO_META_INTERCEPTION_MODE, value: {{ quote .interception }}}
{{- with valueOrDefault (index .for.InfrastructureLabels "topology.istio.io/network") $global.network }}
        - {name: ISTIO_META_NETWORK, value: {{ quote . }}}
{{- end }}
        - {name: ISTIO_META_WORKLOAD_NAME, value: {{ quote .for.DeploymentName }}}
        - {name: ISTIO_META_OWNER, value: {{ print "kubernetes://apis/apps/v1/namespaces/" .for.Namespace "/deployments/" .for.DeploymentName | quote }}}
{{- with $global.meshID | default $trustDomain }}
        - {name: ISTIO_META_MESH_ID, value: {{ quote . }}}
{{- end }}
{{- with $trustDomain }}
        - {name: TRUST_DOMAIN, value: {{ quote . }}}
{{- end }}
{{- template "proxy metadata" .for }}
{{- end }}

{{- define "proxy mounts" }}
        - {name: workload-socket, mountPath: /var/run/secrets/workload-spiffe-uds}
        - {name: istio-data, mountPath: /var/lib/istio/data}
        - {name: istio-envoy, mountPath: /etc/istio/proxy}
        - {name: istio-token, mountPath: /var/run/secrets/tokens}
        - {name: istio-podinfo, mountPath: /etc/istio/pod}
{{- end }}

{{- define "proxy volumes" }}
      - {name: workload-socket, emptyDir: null}
      - {name: istio-envoy, emptyDir: {medium: Memory}}
      - {name: istio-data, emptyDir: {}}
      - name: istio-podinfo
        downwardAPI:
          items:
          - {path: labels, fieldRef: {fieldPath: metadata.labels}}
          - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
{{- end }}

{{- /* What agentgateway needs as a gateway or a waypoint: dict "for" . "resources" AMOUNTS "lifecycle" HANDLERS "seccompProfile" PROFILE. */}}
{{- define "agentgateway" }}
{{- $global := .for.Values.global }}
      containers:
      - name: agentgateway
        {{- $image := annotation .for.ObjectMeta "gateway.istio.io/agentgatewayImage" ($global.agentgateway).image }}
        image: {{ ternary $image .for.AgentgatewayImage (contains "/" $image) | quote }}
{{- template "pull policy" .for }}
{{- with .resources }}
        resources: {{ omitNil . | toJson }}
{{- end }}
        securityContext:
{{- template "unprivileged" }}
          runAsUser: {{ .for.ProxyUID | default 10101 }}
          runAsGroup: {{ .for.ProxyGID | default 10101 }}
{{- with .seccompProfile }}
          seccompProfile: {{ toJson . }}
{{- end }}
        ports:
        - {name: metrics, containerPort: 15020, protocol: TCP}
        - {name: status-port, containerPort: 15021, protocol: TCP}
        args: ["--config", "{}"]
{{- with .lifecycle }}
        lifecycle: {{ toJson . }}
{{- end }}
        env:
        - {name: POD_NAME, {{ template "from field" "metadata.name" }}}
        - {name: POD_NAMESPACE, {{ template "from field" "metadata.namespace" }}}
        - {name: NAMESPACE, {{ template "from field" "metadata.namespace" }}}
        - {name: INSTANCE_IP, {{ template "from field" "status.podIP" }}}
        - {name: SERVICE_ACCOUNT, {{ template "from field" "spec.serviceAccountName" }}}
        - {name: CPU_LIMIT, {{ template "from limit" "cpu" }}}
        - {name: GATEWAY, value: {{ quote .for.Name }}}
        - {name: RUST_BACKTRACE, value: "1"}
        - {name: CLUSTER_ID, value: {{ valueOrDefault $global.multiCluster.clusterName .for.ClusterID | quote }}}
{{- with valueOrDefault (index .for.InfrastructureLabels "topology.istio.io/network") $global.network }}
        - {name: NETWORK, value: {{ quote . }}}
{{- end }}
{{- with valueOrDefault .for.MeshConfig.TrustDomain $global.trustDomain }}
        - {name: TRUST_DOMAIN, value: {{ quote . }}}
{{- end }}
{{- template "proxy metadata" .for }}
        - {name: XDS_ADDRESS, value: {{ quote .for.ProxyConfig.DiscoveryAddress }}}
        - {name: CA_ADDRESS, value: {{ template "certificate authority" .for }}}
{{- template "probes" }}
        volumeMounts:
        - {name: istiod-ca-cert, mountPath: /var/run/secrets/xds}
        - {name: istiod-ca-cert, mountPath: /var/run/secrets/istio}
        - {name: xds-token, mountPath: /var/run/secrets/xds-tokens}
        - {name: istio-token, mountPath: /var/run/secrets/tokens}
        - {name: tmp, mountPath: /tmp}
      volumes:
      - {name: tmp, emptyDir: {}}
{{- range list "xds-token" "istio-token" }}
{{- template "token" (dict "name" . "audience" $global.sds.token.aud) }}
{{- end }}
{{- template "root certificate" .for }}
{{- end }}

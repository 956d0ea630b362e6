/**
 * The fields of Envoy's messages that an EnvoyFilter can patch, by `applyTo` (Envoy API v3, July 2026). Only the
 * outermost message is known: what is inside is Envoy's to check.
 */
export const PATCH_FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    CLUSTER:
      'alt_stat_name circuit_breakers cleanup_interval close_connections_on_host_health_failure ' +
      'cluster_type common_http_protocol_options common_lb_config connect_timeout ' +
      'connection_pool_per_downstream_connection dns_failure_refresh_rate dns_jitter dns_lookup_family ' +
      'dns_refresh_rate dns_resolution_config dns_resolvers eds_cluster_config filters health_checks ' +
      'http2_protocol_options http_protocol_options ignore_health_on_host_removal lb_policy ' +
      'lb_subset_config least_request_lb_config load_assignment load_balancing_policy ' +
      'locality_weighted_lb_config lrs_report_endpoint_metrics lrs_server maglev_lb_config ' +
      'max_requests_per_connection metadata name original_dst_lb_config outlier_detection ' +
      'per_connection_buffer_high_watermark_timeout per_connection_buffer_limit_bytes preconnect_policy ' +
      'protocol_selection respect_dns_ttl ring_hash_lb_config round_robin_lb_config track_cluster_stats ' +
      'track_timeout_budgets transport_socket transport_socket_matcher transport_socket_matches type ' +
      'typed_dns_resolver_config typed_extension_protocol_options upstream_bind_config upstream_config ' +
      'upstream_connection_options upstream_http_protocol_options use_tcp_for_dns_lookups ' +
      'wait_for_warm_on_init zone_aware_lb_config',
    LISTENER:
      'access_log additional_addresses address api_listener bind_to_port bypass_overload_manager ' +
      'connection_balance_config continue_on_listener_filters_timeout cpu_locality_balance ' +
      'default_filter_chain deprecated_v1 drain_type enable_mptcp enable_reuse_port exact_balance ' +
      'extend_balance fcds_config filter_chain_matcher filter_chains freebind ignore_global_conn_limit ' +
      'internal_listener listener_filters listener_filters_timeout ' +
      'max_connections_to_accept_per_socket_event metadata name ' +
      'per_connection_buffer_high_watermark_timeout per_connection_buffer_limit_bytes reuse_port ' +
      'socket_options stat_prefix tcp_backlog_size tcp_fast_open_queue_length tcp_keepalive ' +
      'traffic_direction transparent udp_listener_config use_original_dst',
    ROUTE_CONFIGURATION:
      'cluster_specifier_plugins ignore_path_parameters_in_path_matching ignore_port_in_host_matching ' +
      'internal_only_headers max_direct_response_body_size_bytes metadata ' +
      'most_specific_header_mutations_wins name request_headers_to_add request_headers_to_remove ' +
      'request_mirror_policies response_headers_to_add response_headers_to_remove typed_per_filter_config ' +
      'validate_clusters vhds vhost_header virtual_hosts',
    FILTER_CHAIN:
      'filter_chain_match filters metadata name transport_socket transport_socket_connect_timeout ' + 'use_proxy_proto',
    HTTP_FILTER: 'config_discovery disabled is_optional name typed_config',
    NETWORK_FILTER: 'config_discovery name typed_config',
    VIRTUAL_HOST:
      'cors domains hedge_policy include_attempt_count_in_response include_is_timeout_retry_header ' +
      'include_request_attempt_count matcher metadata name per_request_buffer_limit_bytes rate_limits ' +
      'request_body_buffer_limit request_headers_to_add request_headers_to_remove request_mirror_policies ' +
      'require_tls response_headers_to_add response_headers_to_remove retry_policy ' +
      'retry_policy_typed_config routes typed_per_filter_config virtual_clusters',
    HTTP_ROUTE:
      'decorator direct_response filter_action match metadata name non_forwarding_action ' +
      'per_request_buffer_limit_bytes redirect request_body_buffer_limit request_headers_to_add ' +
      'request_headers_to_remove response_headers_to_add response_headers_to_remove route stat_prefix ' +
      'tracing typed_per_filter_config',
    EXTENSION_CONFIG: 'name typed_config',
    BOOTSTRAP:
      'admin application_log_config bootstrap_extensions certificate_provider_instances cluster_manager ' +
      'config_sources default_config_source default_regex_engine default_socket_interface ' +
      'deferred_stat_options dns_resolution_config dynamic_resources enable_dispatcher_stats ' +
      'enable_worker_cpu_affinity fatal_actions flags_path grpc_async_client_manager_config hds_config ' +
      'header_prefix inline_headers json_format layered_runtime listener_manager memory_allocator_manager ' +
      'node node_context_params overload_manager perf_tracing_file_path static_resources stats_config ' +
      'stats_eviction_interval stats_flush_interval stats_flush_on_admin stats_server_version_override ' +
      'stats_sinks text_format tracing typed_dns_resolver_config use_tcp_for_dns_lookups watchdog watchdogs ' +
      'xds_config_tracker_extension xds_delegate_extension',
    LISTENER_FILTER: 'config_discovery filter_disabled name typed_config',
  }).map(([applyTo, names]) => [applyTo, new Set(names.split(' '))]),
);

/** Names of filters before Envoy 1.14, with what they are called now. */
export const CURRENT_FILTER_NAMES: ReadonlyMap<string, string> = new Map([
  ['envoy.buffer', 'envoy.filters.http.buffer'],
  ['envoy.client_ssl_auth', 'envoy.filters.network.client_ssl_auth'],
  ['envoy.cors', 'envoy.filters.http.cors'],
  ['envoy.csrf', 'envoy.filters.http.csrf'],
  ['envoy.ext_authz', 'envoy.filters.http.ext_authz'],
  ['envoy.fault', 'envoy.filters.http.fault'],
  ['envoy.grpc_http1_bridge', 'envoy.filters.http.grpc_http1_bridge'],
  ['envoy.grpc_json_transcoder', 'envoy.filters.http.grpc_json_transcoder'],
  ['envoy.grpc_web', 'envoy.filters.http.grpc_web'],
  ['envoy.gzip', 'envoy.filters.http.gzip'],
  ['envoy.health_check', 'envoy.filters.http.health_check'],
  ['envoy.http_connection_manager', 'envoy.filters.network.http_connection_manager'],
  ['envoy.http_dynamo_filter', 'envoy.filters.http.dynamo'],
  ['envoy.ip_tagging', 'envoy.filters.http.ip_tagging'],
  ['envoy.listener.http_inspector', 'envoy.filters.listener.http_inspector'],
  ['envoy.listener.original_dst', 'envoy.filters.listener.original_dst'],
  ['envoy.listener.original_src', 'envoy.filters.listener.original_src'],
  ['envoy.listener.proxy_protocol', 'envoy.filters.listener.proxy_protocol'],
  ['envoy.listener.tls_inspector', 'envoy.filters.listener.tls_inspector'],
  ['envoy.lua', 'envoy.filters.http.lua'],
  ['envoy.mongo_proxy', 'envoy.filters.network.mongo_proxy'],
  ['envoy.rate_limit', 'envoy.filters.http.ratelimit'],
  ['envoy.ratelimit', 'envoy.filters.network.ratelimit'],
  ['envoy.redis_proxy', 'envoy.filters.network.redis_proxy'],
  ['envoy.router', 'envoy.filters.http.router'],
  ['envoy.squash', 'envoy.filters.http.squash'],
  ['envoy.tcp_proxy', 'envoy.filters.network.tcp_proxy'],
]);

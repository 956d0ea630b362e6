// The proxies that heddle's gateway is compared with, configured to do what Istio has a gateway do.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly command: readonly [string, ...string[]];
}

/** Path of a command, undefined when there is none. */
export const which = (command: string): string | undefined => {
  try {
    return execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};

/** Path of Envoy: on the path, or as the Python package has it. */
export const envoyBinary = (): string | undefined => {
  const inPath = which('envoy');
  if (inPath !== undefined) return inPath;
  try {
    const script = 'import importlib.util; print(importlib.util.find_spec("envoy").submodule_search_locations[0])';
    const found = join(
      execFileSync('python3', ['-c', script], { encoding: 'utf8', stdio: 'pipe' }).trim(),
      '_bin/envoy',
    );
    return existsSync(found) ? found : undefined;
  } catch {
    return undefined;
  }
};

/** nginx with one worker, keep-alive to the backend, and an access log of about the same fields. */
export const nginx = (directory: string, backendPort: number, port: number): Peer | undefined => {
  const binary = which('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : undefined);
  if (binary === undefined) return undefined;
  const config = join(directory, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log ${directory}/nginx-error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  log_format full '[$time_iso8601] "$request" $status $bytes_sent $request_time "$http_x_forwarded_for" "$http_user_agent" '
    '"$http_x_request_id" "$host" "$upstream_addr" $upstream_response_time $remote_addr:$remote_port';
  access_log ${directory}/nginx-access.log full buffer=64k flush=1s;
  upstream app { server 127.0.0.1:${backendPort}; keepalive 128; keepalive_requests 1000000; }
  keepalive_requests 1000000;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header connection ""; proxy_set_header host $host;
      proxy_set_header x-forwarded-for $proxy_add_x_forwarded_for; proxy_set_header x-forwarded-proto $scheme;
      proxy_set_header x-request-id $request_id;
    }
  }
}
`,
  );
  return { name: 'nginx', port, command: [binary, '-c', config, '-p', directory] };
};

const logFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

const httpFilters = [
  {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
      rules: { action: 'ALLOW', policies: { all: { permissions: [{ any: true }], principals: [{ any: true }] } } },
    },
  },
  {
    name: 'envoy.filters.http.fault',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault' },
  },
  {
    name: 'envoy.filters.http.cors',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors' },
  },
  {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
  },
];

const action = {
  cluster: 'outbound|80||app.default.svc.cluster.local',
  timeout: '15s',
  retry_policy: {
    retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    num_retries: 2,
    retriable_status_codes: [503],
  },
};

const envoyConfig = (directory: string, backendPort: number, port: number): object => ({
  stats_config: { stats_tags: [] },
  static_resources: {
    listeners: [
      {
        name: 'gateway',
        address: { socket_address: { address: '127.0.0.1', port_value: port } },
        filter_chains: [
          {
            filters: [
              {
                name: 'envoy.filters.network.http_connection_manager',
                typed_config: {
                  '@type':
                    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                  stat_prefix: 'gateway',
                  server_name: 'istio-envoy',
                  use_remote_address: true,
                  normalize_path: true,
                  access_log: [
                    {
                      name: 'envoy.access_loggers.file',
                      typed_config: {
                        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
                        path: join(directory, 'envoy-access.log'),
                        log_format: { text_format_source: { inline_string: logFormat } },
                      },
                    },
                  ],
                  http_filters: httpFilters,
                  route_config: {
                    name: 'http.80',
                    virtual_hosts: [
                      {
                        name: 'shop',
                        domains: ['shop.example.com'],
                        include_request_attempt_count: true,
                        routes: [
                          {
                            match: {
                              prefix: '/v2',
                              headers: [{ name: 'end-user', string_match: { exact: 'jason' } }],
                            },
                            route: action,
                          },
                          { match: { safe_regex: { regex: '/static/.*' } }, route: action },
                          { match: { prefix: '/' }, route: action },
                        ],
                      },
                    ],
                  },
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: 'outbound|80||app.default.svc.cluster.local',
        type: 'STATIC',
        lb_policy: 'LEAST_REQUEST',
        connect_timeout: '10s',
        load_assignment: {
          cluster_name: 'outbound|80||app.default.svc.cluster.local',
          endpoints: [
            {
              lb_endpoints: [
                { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: backendPort } } } },
              ],
            },
          ],
        },
      },
    ],
  },
});

/** Envoy with one worker thread and the filters, log format, retries and timeouts of an Istio gateway. */
export const envoy = (directory: string, backendPort: number, port: number): Peer | undefined => {
  const binary = envoyBinary();
  if (binary === undefined) return undefined;
  const config = join(directory, 'envoy.json');
  writeFileSync(config, JSON.stringify(envoyConfig(directory, backendPort, port)));
  const flags = ['--concurrency', '1', '--log-level', 'error', '--disable-hot-restart'];
  return { name: 'envoy', port, command: [binary, '-c', config, ...flags] };
};

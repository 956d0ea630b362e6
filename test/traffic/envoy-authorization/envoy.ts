/** A real Envoy that decides by Istio's filters, which differ from request to request: each names its case in a header. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Identity } from '../../../src/ca/certificate.ts';
import { type Caller, DESTINATIONS } from './random-cases.ts';

export interface EnvoySettings {
  readonly binary: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly adminPort: number;
  readonly identity: Identity;
  /** Of the one issuer of all tokens. */
  readonly jwks: string;
  /** The filters of each case as Istio wrote them. */
  readonly cases: readonly (readonly IstioFilter[])[];
}

/** An HTTP filter in the JSON of protobuf. */
export interface IstioFilter {
  readonly typedConfig: { readonly '@type': string; readonly rules?: { readonly action?: string } };
}

export const CASE_HEADER = 'x-case';
/** As many filters as Istio makes at most: CUSTOM, AUDIT, DENY and ALLOW. */
const SLOTS = ['first', 'second', 'third', 'fourth'];
const RBAC = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';

const DETAILS_HEADER = [
  {
    header: { key: 'x-details', value: '%RESPONSE_CODE_DETAILS%' },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  },
];

const routesOf = (cases: EnvoySettings['cases']): readonly object[] =>
  cases.map((filters, at) => ({
    match: { prefix: '/', headers: [{ name: CASE_HEADER, string_match: { exact: String(at) } }] },
    direct_response: { status: 200 },
    typed_per_filter_config: Object.fromEntries(
      SLOTS.map((slot, index) => {
        const rbac = filters[index]?.typedConfig;
        const type = `${RBAC}PerRoute`;
        if (rbac === undefined) return [slot, { '@type': type }];
        const { '@type': _, ...config } = rbac;
        return [slot, { '@type': type, rbac: config }];
      }),
    ),
  }));

const httpManager = (routesFile: string, jwks: string): object => ({
  '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  stat_prefix: 'inbound',
  rds: {
    route_config_name: 'cases',
    config_source: { path_config_source: { path: routesFile }, resource_api_version: 'V3' },
  },
  // Answers of filters have only such headers.
  local_reply_config: {
    mappers: [
      {
        filter: {
          status_code_filter: { comparison: { op: 'GE', value: { default_value: 400, runtime_key: 'unused' } } },
        },
        headers_to_add: DETAILS_HEADER,
      },
    ],
  },
  // As Istio has them on inbound ports.
  normalize_path: true,
  path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
  use_remote_address: false,
  http_filters: [
    {
      name: 'envoy.filters.http.jwt_authn',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
        providers: { all: { local_jwks: { inline_string: jwks }, forward: true, payload_in_metadata: 'payload' } },
        rules: [
          {
            match: { prefix: '/' },
            requires: { requires_any: { requirements: [{ provider_name: 'all' }, { allow_missing: {} }] } },
          },
        ],
      },
    },
    ...SLOTS.map((name) => ({ name, typed_config: { '@type': RBAC } })),
    {
      name: 'envoy.filters.http.router',
      typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
    },
  ],
});

const listenerOf = (port: number, chain: object): object => {
  const [first, ...others] = DESTINATIONS.map((address) => ({ socket_address: { address, port_value: port } }));
  return {
    address: first,
    additional_addresses: others.map((address) => ({ address })),
    filter_chains: [chain],
    listener_filters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
        },
      },
    ],
  };
};

const configOf = (settings: EnvoySettings, directory: string): object => {
  const { plainPort, tlsPort, adminPort, identity, jwks, cases } = settings;
  const routesFile = join(directory, 'routes.json');
  const table = {
    '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
    name: 'cases',
    virtual_hosts: [{ name: 'all', domains: ['*'], response_headers_to_add: DETAILS_HEADER, routes: routesOf(cases) }],
  };
  writeFileSync(routesFile, JSON.stringify({ version_info: '1', resources: [table] }));
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: httpManager(routesFile, jwks),
  };
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [
        {
          certificate_chain: { inline_string: identity.certificate.chainPem },
          private_key: { inline_string: identity.certificate.keyPem },
        },
      ],
      validation_context: { trusted_ca: { inline_string: identity.rootsPem } },
    },
  };
  return {
    node: { id: 'server', cluster: 'server' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    static_resources: {
      listeners: [
        listenerOf(plainPort, { filters: [filter] }),
        listenerOf(tlsPort, {
          filters: [filter],
          transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls },
        }),
      ],
    },
  };
};

/** A running Envoy; `stop` resolves when its process is gone. */
export const startEnvoy = async (settings: EnvoySettings): Promise<{ stop(): Promise<void> }> => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-envoy-'));
  const file = join(directory, 'envoy.json');
  writeFileSync(file, JSON.stringify(configOf(settings, directory)));
  const argv = ['-c', file, '--concurrency', '1', '--log-level', 'error', '--use-dynamic-base-id'];
  const child = spawn(settings.binary, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill();
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; !(await isReady(settings.adminPort)); tries += 1) {
    if (tries > 600 || child.exitCode !== null) {
      await stop();
      throw new Error(`Envoy does not start: ${said.slice(0, 4000)}`);
    }
    // It says by nothing else that it listens.
    await setTimeout(100);
  }
  return { stop };
};

const isReady = async (adminPort: number): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${adminPort}/ready`)).status === 200;
  } catch {
    return false;
  }
};

/** Free ports of loopback, at the moment. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
};

export interface EnvoyAnswer {
  readonly status: number;
  readonly details: string;
}

/** Sends requests, in their order, over one connection of a caller. */
export const askEnvoy = async (
  caller: Caller,
  identity: Identity | undefined,
  to: { readonly host: string; readonly port: number },
  requests: readonly string[],
): Promise<readonly EnvoyAnswer[]> => {
  const socket: Socket =
    identity === undefined
      ? connect({ ...to, localAddress: caller.address })
      : connectTls({
          socket: connect({ ...to, localAddress: caller.address }),
          servername: caller.serverName,
          cert: identity.certificate.chainPem,
          key: identity.certificate.keyPem,
          // Who Envoy is does not matter here.
          rejectUnauthorized: false,
        });
  const answers: EnvoyAnswer[] = [];
  let received = '';
  const done = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => (answers.length < requests.length ? reject(new Error('Envoy closed')) : resolve()));
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        const head = received.slice(0, end);
        const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
        if (end < 0 || received.length < end + 4 + length) return;
        const details = /^x-details: (.*)$/im.exec(head)?.[1] ?? '';
        answers.push({ status: Number(head.slice(9, 12)), details });
        received = received.slice(end + 4 + length);
        if (answers.length === requests.length) socket.end();
        else socket.write(requests[answers.length] ?? '');
      }
    });
  });
  socket.write(requests[0] ?? '');
  await done;
  return answers;
};

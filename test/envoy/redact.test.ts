import { describe, expect, it } from 'vitest';
import { redact } from '../../src/envoy/redact.ts';
import { runCli } from '../support/cli.ts';

const KEY = '-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJDQU5BUlkiOjF9.Q0FOQVJZ';

/** Everything secret that a dump may have, in Envoy's spelling; each value holds CANARY or its base64. */
const filter = {
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    route_config: {
      virtual_hosts: [
        {
          name: 'v',
          domains: ['*'],
          request_headers_to_add: [{ header: { key: 'Authorization', value: 'Basic CANARY' } }],
          routes: [
            {
              match: { prefix: '/', headers: [{ name: 'authorization', string_match: { exact: 'CANARY-value' } }] },
              route: { cluster: 'c' },
            },
          ],
        },
      ],
    },
    http_filters: [
      { name: 'basic', typed_config: { users: { inline_string: 'user:{SHA}CANARY' } } },
      { name: 'oauth', typed_config: { credentials: { client_secret: 'CANARY', hmac_secret: { name: 'hmac' } } } },
      {
        name: 'jwt',
        typed_config: { providers: { a_b: { local_jwks: { inline_string: '{"kty":"oct","k":"CANARY"}' } } } },
      },
      { name: 'lua', typed_config: { inline_code: `token = "${TOKEN}"` } },
      {
        name: 'aws',
        typed_config: { inline: { access_key_id: 'id', secret_access_key: 'CANARY', session_token: 'CANARY' } },
      },
      { name: 'cookie', typed_config: { header: { key: 'cookie', raw_value: base64('CANARY') } } },
    ],
  },
};
const secrets = [
  { tls_certificate: { private_key: { inline_bytes: base64(KEY) }, password: { inline_string: 'CANARY' } } },
  { tls_certificate: { private_key: { inline_string: KEY } } },
  { session_ticket_keys: { keys: [{ inline_bytes: base64('CANARY') }, { inline_string: 'CANARY' }] } },
  { generic_secret: { secret: { inline_string: 'CANARY' }, secrets: { one: { inline_bytes: base64('CANARY') } } } },
  { tls_certificate: { certificate_chain: { inline_bytes: base64(KEY) } } },
];
const any = (type: string, fields: object) => ({ '@type': `type.googleapis.com/envoy.admin.v3.${type}`, ...fields });
const listener = {
  name: 'l',
  address: { socket_address: { address: '0.0.0.0', port_value: 1 } },
  filter_chains: [{ filters: [filter] }],
};
const cluster = {
  name: 'c',
  load_assignment: { cluster_name: 'c' },
  health_checks: [{ custom_health_check: { typed_config: { auth_password: { inline_string: 'CANARY' } } } }],
};
const dump = {
  configs: [
    any('BootstrapConfigDump', {
      bootstrap: {
        node: { metadata: { TOKEN_FILE: TOKEN } },
        near_the_root: { private_key: { inline_string: 'CANARY' } },
        private_key: { inline_string: 'CANARY' },
        header: { key: 'authorization', value: 'CANARY' },
        dynamic_resources: {
          ads_config: { grpc_services: [{ google_grpc: { call_credentials: [{ access_token: 'CANARY' }] } }] },
        },
      },
    }),
    any('ClustersConfigDump', { static_clusters: [{ cluster }] }),
    any('ListenersConfigDump', { dynamic_listeners: [{ active_state: { listener } }] }),
    any('RoutesConfigDump', { static_route_configs: [{ route_config: filter.typed_config.route_config }] }),
    any('SecretsConfigDump', {
      dynamic_active_secrets: secrets.map((secret, index) => ({ name: `s${index}`, secret })),
      dynamic_warming_secrets: secrets.map((secret, index) => ({ name: `w${index}`, secret })),
    }),
    any('EndpointsConfigDump', {
      static_endpoint_configs: [
        {
          endpoint_config: {
            endpoints: [{ lb_endpoints: [{ metadata: { filter_metadata: { a: { password: 'CANARY' } } } }] }],
          },
        },
      ],
    }),
    any('EcdsConfigDump', { ecds_filters: [{ ecds_filter: { name: 'f', typed_config: { api_key: 'CANARY' } } }] }),
  ],
};

const CANARIES = ['CANARY', 'Q0FOQVJZ', base64(KEY).slice(48, 60)];

describe('secrets of a dump', () => {
  it.each(['all', 'bootstrap', 'cluster', 'ecds', 'eds', 'listener', 'route', 'secret'])(
    'are in no output of %s',
    async (verb) => {
      const stdin = JSON.stringify(dump);
      for (const canary of ['CANARY', 'Q0FOQVJZ']) expect(stdin).toContain(canary);
      for (const format of ['json', 'yaml', 'short']) {
        const { code, stdout, stderr } = await runCli(['pc', verb, '-f', '-', '-o', format], { stdin });
        expect(code, `${format} ${stderr}`).toBe(0);
        for (const canary of CANARIES) expect(stdout + stderr, format).not.toContain(canary);
      }
    },
  );

  it('are taken out under both spellings of their fields, and nothing else is', () => {
    expect(redact({ tlsCertificate: { privateKey: { inlineBytes: 'AAAA', filename: '/key' } } })).toEqual({
      tlsCertificate: { privateKey: { inlineBytes: base64('[redacted]'), filename: '/key' } },
    });
    const open = {
      certificate_chain: { inline_bytes: base64('-----BEGIN CERTIFICATE-----\nMII') },
      token_bucket: { max_tokens: 5 },
      request_headers_to_add: [{ header: { key: 'x-request-id', value: '1' } }],
      from_headers: [{ name: 'Authorization', value_prefix: 'Bearer ' }],
      local_jwks: {
        inline_string:
          '{"keys":[{"kty":"RSA","e":"AQAB","n":"xAE7eB6qugXyCAG3yhh7pkDkT65pHymX-P7KfIupjf59vsdo91bSP9C8"}]}',
      },
      session_ticket_keys_sds_secret_config: { name: 'tickets' },
      sds_config: { name: 'default', ads: {} },
    };
    expect(redact(open)).toEqual(open);
  });
});

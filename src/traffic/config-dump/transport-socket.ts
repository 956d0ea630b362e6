import type { Cluster, TlsTermination, UpstreamTransport } from '../tables.ts';
import { extension } from './any.ts';

type OutsideTls = Extract<UpstreamTransport, { readonly kind: 'tls' }>;

const SECRETS = { sds_config: { ads: {}, resource_api_version: 'V3' } };
const WORKLOAD_CERTIFICATE = { tls_certificate_sds_secret_configs: [{ name: 'default', ...SECRETS }] };

/** What a peer's certificate is held against: the mesh's roots, and names of which it has to carry one. */
const meshValidation = (names: readonly object[]): object => ({
  combined_validation_context: {
    default_validation_context: names.length === 0 ? {} : { match_subject_alt_names: names },
    validation_context_sds_secret_config: { name: 'ROOTCA', ...SECRETS },
  },
});

const upstreamTls = (common: object, sni: string): object =>
  extension('envoy.transport_sockets.tls', 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
    common_tls_context: common,
    ...(sni === '' ? {} : { sni }),
  });

const downstreamTls = (common: object, requireClientCertificate: boolean): object =>
  extension('envoy.transport_sockets.tls', 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: common,
    require_client_certificate: requireClientCertificate,
  });

const exactly = (names: readonly string[]): readonly object[] => names.map((exact) => ({ exact }));

/** A secret that never comes: Envoy fails connections then, as is done here where there is none. */
const MISSING = { name: 'missing', ...SECRETS };

/** What the certificate of a server outside the mesh is held against. */
const serverValidation = (authorities: OutsideTls['authorities'], names: readonly string[]): object => {
  if (authorities === 'any') return { validation_context: {} };
  if (authorities !== 'system' && authorities.length === 0) return { validation_context_sds_secret_config: MISSING };
  const trusted =
    authorities === 'system' ? { system_root_certs: {} } : { trusted_ca: { inline_string: authorities.join('\n') } };
  const wanted = names.length === 0 ? {} : { match_subject_alt_names: exactly(names) };
  return { validation_context: { ...trusted, ...wanted } };
};

const originate = ({ authorities, certificate, names, sni }: OutsideTls): object => {
  const own = certificate && { tls_certificates: [{ certificate_chain: { inline_string: certificate.chain } }] };
  return upstreamTls({ ...own, ...serverValidation(authorities, names) }, sni);
};

const socketFor = (transport: UpstreamTransport): object => {
  switch (transport.kind) {
    case 'plaintext':
      return extension(
        'envoy.transport_sockets.raw_buffer',
        'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer',
        {},
      );
    case 'istio-mutual':
      return upstreamTls(
        { alpn_protocols: ['istio'], ...WORKLOAD_CERTIFICATE, ...meshValidation(exactly(transport.spiffeIds)) },
        transport.sni,
      );
    case 'tls':
      return originate(transport);
  }
};

/**
 * How a cluster's endpoints are called: a socket for all of them; or, where auto mutual TLS decides, a match for those
 * labelled `tlsMode: istio`. Nothing where all are called in plaintext.
 */
export const upstreamSocket = ({ transport, endpoints, tlsSetting }: Cluster): object => {
  if (transport !== undefined) return { transport_socket: socketFor(transport) };
  const mutual = endpoints.find((endpoint) => endpoint.transport.kind === 'istio-mutual')?.transport;
  if (mutual === undefined) return {};
  if (tlsSetting !== undefined) return { transport_socket: socketFor(mutual) };
  return {
    transport_socket_matches: [
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transport_socket: socketFor(mutual) },
      { name: 'tlsMode-disabled', match: {}, transport_socket: socketFor({ kind: 'plaintext' }) },
    ],
  };
};

/** Istio mutual TLS as a sidecar ends it; peers of any trust domain the roots vouch for. */
export const mutualTermination = (protocols: readonly string[]): object =>
  downstreamTls({ alpn_protocols: protocols, ...WORKLOAD_CERTIFICATE, ...meshValidation([]) }, true);

const ownCertificates = ({ certificates }: TlsTermination): object => {
  if (certificates === 'workload') return WORKLOAD_CERTIFICATE;
  if (certificates.length === 0) return { tls_certificate_sds_secret_configs: [MISSING] };
  return { tls_certificates: certificates.map(({ chain }) => ({ certificate_chain: { inline_string: chain } })) };
};

const clientValidation = ({ client, clientAuthorities, clientNames }: TlsTermination): object => {
  if (client === 'none' || clientAuthorities === undefined) return {};
  if (clientAuthorities === 'mesh') return meshValidation(exactly(clientNames));
  return {
    validation_context: {
      trusted_ca: { inline_string: clientAuthorities },
      ...(clientNames.length === 0 ? {} : { match_subject_alt_names: exactly(clientNames) }),
    },
  };
};

const version = (name: TlsTermination['minVersion']): string =>
  name.replace(/^TLSv1(?:\.(\d))?$/, (_, minor) => `TLSv1_${minor ?? 0}`);

/** TLS as a gateway ends it. Certificates are shown, private keys never are. */
export const gatewayTermination = (termination: TlsTermination): object =>
  downstreamTls(
    {
      tls_params: {
        tls_minimum_protocol_version: version(termination.minVersion),
        tls_maximum_protocol_version: version(termination.maxVersion),
        ...(termination.cipherSuites.length === 0 ? {} : { cipher_suites: termination.cipherSuites }),
      },
      alpn_protocols: ['h2', 'http/1.1'],
      ...ownCertificates(termination),
      ...clientValidation(termination),
    },
    termination.client === 'required',
  );

import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket, TlsOptions } from 'node:tls';
import { uriNamesOf } from '../../ca/spiffe.ts';
import type { TlsTermination } from '../../traffic/tables.ts';
import type { ProxyState } from '../proxy-state.ts';
import { createTlsEnd, type TlsEnd } from './tls-end.ts';

/** Node parts with TLS 1.3 where a list of suites names none of it. */
const TLS13_SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
const ALPN = ['h2', 'http/1.1'];

/** Who answers for the sockets of one server of a gateway; `undefined` when its certificates cannot be used. */
export const createGatewayEnd = (
  state: ProxyState,
  termination: TlsTermination,
  onSecure: (socket: TLSSocket) => void,
): TlsEnd | undefined => {
  const { certificates, client } = termination;
  if (certificates.length === 0) return undefined;
  try {
    return createTlsEnd(
      state,
      {
        ...identityOf(state, termination),
        requestCert: client !== 'none',
        // Without authorities that vouch for it, any certificate will do (insecureSkipVerify).
        rejectUnauthorized: client === 'required' && termination.clientAuthorities !== undefined,
        minVersion: termination.minVersion,
        maxVersion: termination.maxVersion,
        ALPNProtocols: ALPN,
        sessionIdContext: 'gateway',
        ...(termination.cipherSuites.length === 0
          ? {}
          : { ciphers: [...TLS13_SUITES, ...termination.cipherSuites].join(':') }),
      },
      (socket) => {
        if (isWelcome(socket, termination)) onSecure(socket);
        else socket.destroy();
      },
    );
  } catch {
    // A certificate that is none, or a key of another: Envoy would refuse it and keep waiting.
    return undefined;
  }
};

const identityOf = ({ tls }: ProxyState, { certificates, clientAuthorities }: TlsTermination): TlsOptions => {
  const { certificate, rootsPem } = tls.identity;
  const own = certificates === 'workload' ? [{ chain: certificate.chainPem, key: certificate.keyPem }] : certificates;
  const authorities = clientAuthorities === 'mesh' ? rootsPem : clientAuthorities;
  return {
    cert: own.map(({ chain }) => chain),
    key: own.map(({ key }) => key),
    ...(authorities === undefined ? {} : { ca: authorities }),
  };
};

const isWelcome = (socket: TLSSocket, { client, clientAuthorities, clientNames }: TlsTermination): boolean => {
  if (client === 'none') return true;
  const { raw }: PeerCertificate = socket.getPeerCertificate();
  if (raw === undefined) return client === 'optional';
  if (clientAuthorities !== undefined && !socket.authorized) return false;
  if (clientNames.length === 0) return true;
  return namesOf(new X509Certificate(raw)).some((name) => clientNames.includes(name));
};

/** The URI and DNS names of a certificate. */
const namesOf = (certificate: X509Certificate): readonly string[] => [
  ...uriNamesOf(certificate),
  ...(certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4)] : [])),
];

/** The SPIFFE id of a client whose chain was verified; empty for all others, whom policies must not know by name. */
export const clientPrincipal = (socket: TLSSocket): string => {
  const { raw }: PeerCertificate = socket.getPeerCertificate();
  if (raw === undefined || !socket.authorized) return '';
  return uriNamesOf(new X509Certificate(raw)).find((name) => name.startsWith('spiffe://')) ?? '';
};

import type { Mesh } from '../../model/mesh.ts';
import { configData, secretData } from '../../model/pod-env.ts';
import type { ClientTls } from '../../model/schema/generated/types-istio.ts';
import type { UpstreamTransport } from '../tables.ts';
import { CONFIG_MAP_CREDENTIAL } from './credential-names.ts';
import type { MeshService, MeshServicePort } from './services.ts';
import { authorityOf, certificateOf } from './tls-credentials.ts';

type Origination = Extract<UpstreamTransport, { readonly kind: 'tls' }>;

/** Whose rule it is: Secrets are read by gateways, and by sidecars only for a rule that selects them. */
interface Originator {
  readonly mesh: Mesh;
  readonly namespace: string;
  readonly readsSecrets: boolean;
}

/** The paths under which the bundle of the operating system is known in Istio's images. */
export const SYSTEM_BUNDLES: ReadonlySet<string> = new Set(['', 'system', '/etc/ssl/certs/ca-certificates.crt']);

/**
 * TLS that a DestinationRule's SIMPLE or MUTUAL begins towards a service; undefined for other modes, and for a Secret
 * that the proxy may not read: Istio sends plaintext then.
 */
export const originationOf = (
  tls: ClientTls | undefined,
  service: MeshService,
  port: MeshServicePort,
  { mesh, namespace, readsSecrets }: Originator,
): Origination | undefined => {
  if (tls === undefined || (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL')) return undefined;
  const { credentialName, caCertificates = '' } = tls;
  const isConfigMap = credentialName?.startsWith(CONFIG_MAP_CREDENTIAL) === true;
  if (credentialName !== undefined && !isConfigMap && !readsSecrets) return undefined;
  const ownName = port.protocol === 'tcp' || service.host.startsWith('*') ? '' : service.host;
  const written = tls.subjectAltNames ?? [];
  const declared = written.length > 0 ? written : service.identities;
  const shared = {
    kind: 'tls',
    sni: tls.sni ?? ownName,
    names: declared.length > 0 || tls.sni !== undefined || ownName === '' ? declared : [ownName],
  } as const;
  const isVerified = tls.insecureSkipVerify !== true;
  if (credentialName === undefined) {
    const authorities = SYSTEM_BUNDLES.has(caCertificates) ? 'system' : [];
    return { ...shared, authorities: isVerified ? authorities : 'any' };
  }
  if (isConfigMap) {
    const [owner = '', name = ''] = credentialName.slice(CONFIG_MAP_CREDENTIAL.length).split('/');
    const authority = authorityOf(configData(mesh, owner, name));
    return { ...shared, authorities: isVerified ? (authority === undefined ? [] : [authority]) : 'any' };
  }
  const entries = secretData(mesh, namespace, credentialName);
  const authority = authorityOf(secretData(mesh, namespace, `${credentialName}-cacert`)) ?? authorityOf(entries);
  const [certificate] = tls.mode === 'MUTUAL' ? certificateOf(entries) : [];
  return {
    ...shared,
    authorities: isVerified ? (authority === undefined ? [] : [authority]) : 'any',
    ...(certificate === undefined ? {} : { certificate }),
  };
};

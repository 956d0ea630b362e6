import type { Mesh } from '../../model/mesh.ts';
import { secretData } from '../../model/pod-env.ts';
import type { GatewayServerTls } from '../../model/schema/generated/types-istio.ts';
import type { TlsTermination } from '../tables.ts';
import { indexReferenceGrants } from './gateway-api/reference-grants.ts';
import { GATEWAY_API_GROUP } from './gateway-api/route-objects.ts';
import type { BoundServer } from './gateway-check.ts';
import type { Report } from './report.ts';

type Certificates = Exclude<TlsTermination['certificates'], 'workload'>;

const VERSIONS: Readonly<Record<string, TlsTermination['minVersion']>> = {
  TLSV1_0: 'TLSv1',
  TLSV1_1: 'TLSv1.1',
  TLSV1_2: 'TLSv1.2',
  TLSV1_3: 'TLSv1.3',
};

const CLIENTS: Readonly<Record<string, TlsTermination['client']>> = {
  MUTUAL: 'required',
  ISTIO_MUTUAL: 'required',
  OPTIONAL_MUTUAL: 'optional',
};

/**
 * How a server of a gateway in `namespace` ends TLS; what its Secrets lack leaves it without certificates, and its
 * connections are reset as long as Envoy would wait for them.
 */
export const compileTermination = (
  mesh: Mesh,
  bound: BoundServer,
  tls: GatewayServerTls,
  namespace: string,
  report: Report,
): TlsTermination => {
  const { mode = 'SIMPLE', subjectAltNames = [], minProtocolVersion, maxProtocolVersion, cipherSuites = [] } = tls;
  const client: TlsTermination['client'] = CLIENTS[mode] ?? 'none';
  const rules = {
    client,
    clientNames: tls.insecureSkipVerify === true ? [] : subjectAltNames,
    minVersion: VERSIONS[minProtocolVersion ?? ''] ?? 'TLSv1.2',
    maxVersion: VERSIONS[maxProtocolVersion ?? ''] ?? 'TLSv1.3',
    cipherSuites,
  };
  if (mode === 'ISTIO_MUTUAL') return { ...rules, certificates: 'workload', clientAuthorities: 'mesh' };
  const lacks = (what: string): TlsTermination => {
    const message = `${what}: connections to port ${bound.server.port.number} are reset`;
    report.warnOnce(bound.resource, 'CREDENTIAL_NOT_FOUND', message, [tls]);
    return { ...rules, certificates: [] };
  };
  const names = tls.credentialNames ?? (tls.credentialName === undefined ? [] : [tls.credentialName]);
  if (names.length === 0) return lacks('certificates in files of the gateway are not at hand here');
  const secrets = names.map((name) => secretOf(mesh, bound, name, namespace));
  const certificates: Certificates = secrets.flatMap(({ entries }) => certificateOf(entries));
  const incomplete = secrets.find(({ entries }) => certificateOf(entries).length === 0);
  if (incomplete !== undefined) return lacks(`there is no Secret ${incomplete.id} with a certificate and its key`);
  if (client === 'none' || tls.insecureSkipVerify === true) return { ...rules, certificates };
  const [first] = names;
  const authorities = authoritiesOf(mesh, bound, tls.caCertCredentialName, first ?? '', namespace);
  return authorities === undefined
    ? lacks('no Secret tells the authorities that vouch for clients (ca.crt or cacert)')
    : { ...rules, certificates, clientAuthorities: authorities };
};

interface FoundSecret {
  readonly id: string;
  readonly entries: ReadonlyMap<string, string>;
}

/** `NAME` is a Secret beside the gateway's pods; a listener of the Gateway API says `kubernetes-gateway://NS/NAME`. */
const secretOf = (mesh: Mesh, { resource }: BoundServer, reference: string, namespace: string): FoundSecret => {
  const [, scheme = '', path = reference] = /^([a-z-]+):\/\/(.*)$/.exec(reference) ?? [];
  if (scheme !== 'kubernetes-gateway') return find(mesh, namespace, path);
  const [own = '', name = ''] = path.split('/');
  const from = { group: GATEWAY_API_GROUP, kind: resource.kind, namespace: resource.namespace };
  const isGranted = indexReferenceGrants(mesh)(from, { group: '', kind: 'Secret', namespace: own, name });
  return isGranted ? find(mesh, own, name) : { id: `${own}/${name}`, entries: new Map() };
};

const find = (mesh: Mesh, namespace: string, name: string): FoundSecret => ({
  id: `${namespace}/${name}`,
  entries: secretData(mesh, namespace, name),
});

/** The certificate and key in the entries of a Secret; none where one is missing. */
export const certificateOf = (entries: ReadonlyMap<string, string>): Certificates => {
  for (const [chainKey, keyKey] of [['cert', 'key'] as const, ['tls.crt', 'tls.key'] as const]) {
    const chain = entries.get(chainKey) ?? '';
    const key = entries.get(keyKey) ?? '';
    if (chain !== '' && key !== '') return [{ chain, key }];
  }
  return [];
};

const authoritiesOf = (
  mesh: Mesh,
  bound: BoundServer,
  named: string | undefined,
  credential: string,
  namespace: string,
): string | undefined => {
  const beside = secretOf(mesh, bound, named ?? `${credential}-cacert`, namespace).entries;
  const entries =
    beside.size > 0 || named !== undefined ? beside : secretOf(mesh, bound, credential, namespace).entries;
  return authorityOf(entries);
};

/** The authorities (PEM) that a Secret holds. */
export const authorityOf = (entries: ReadonlyMap<string, string>): string | undefined =>
  [entries.get('cacert'), entries.get('ca.crt')].find((text) => text !== undefined && text !== '');

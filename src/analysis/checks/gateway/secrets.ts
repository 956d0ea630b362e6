import { Buffer } from 'node:buffer';
import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type { Secret } from '../../../model/schema/generated/types-kubernetes.ts';
import { defineCheck, finding } from '../../check.ts';
import { indexGatewayPods, selectsNothing } from '../../lookup/gateway-pods.ts';

/** Keys of a certificate and its private key, as Istio looks for them. */
const KEYS = [
  ['cert', 'key'],
  ['tls.crt', 'tls.key'],
] as const;

/** The value of a key as the API server would keep it: `stringData` wins. */
const textOf = ({ data, stringData }: Secret, key: string): string =>
  stringData?.[key] ?? Buffer.from(data?.[key] ?? '', 'base64').toString('latin1');

/** The certificate that a gateway would read, in PEM; undefined without one or without its private key. */
const certificateIn = (secret: Secret): string | undefined => {
  const pair = KEYS.find((keys) => keys.every((key) => textOf(secret, key) !== ''));
  return pair === undefined ? undefined : textOf(secret, pair[0]);
};

/** A credential by its name, that is `namespace/name` or a name in one of the gateway pods' namespaces. */
const findSecret = (mesh: Mesh, namespaces: readonly string[], credential: string): Resource<Secret> | undefined => {
  const [namespace = '', name] = credential.split('/', 2);
  if (name !== undefined) return mesh.find('Secret', namespace, name);
  for (const place of namespaces) {
    const secret = mesh.find('Secret', place, credential);
    if (secret !== undefined) return secret;
  }
  return undefined;
};

/** Istio's `gateway.SecretAnalyzer`. */
export const gatewaySecrets = defineCheck({
  name: 'gateway.SecretAnalyzer',
  summary: 'Credentials of Gateways that do not exist beside the pods, or hold no valid certificate.',
  emits: ['IST0101', 'IST0161'],
  *run(input) {
    const { mesh, judgeCertificate } = input;
    const podsOf = indexGatewayPods(input);
    for (const gateway of mesh.of('Gateway')) {
      const { selector = {}, servers = [] } = gateway.object.spec ?? {};
      const { namespaces } = podsOf(selector);
      if (namespaces.length === 0) {
        yield selectsNothing(gateway, selector);
        continue;
      }
      for (const { tls } of servers) {
        const credential = tls?.credentialName ?? '';
        if (tls === undefined || credential === '') continue;
        const place = { in: tls, key: 'credentialName', effect: 'TLS handshakes with this server fail' };
        const secret = findSecret(mesh, namespaces, credential);
        if (secret === undefined) {
          const hint = `create Secret ${credential} in namespace ${namespaces[0]}, where the gateway's pods run`;
          yield finding('IST0101', gateway, { kind: 'credentialName', name: credential }, { ...place, hint });
          continue;
        }
        const certificate = certificateIn(secret.object);
        const problem =
          certificate === undefined
            ? 'neither tls.crt and tls.key nor cert and key are there and filled'
            : judgeCertificate?.(certificate);
        if (problem === undefined) continue;
        const values = { secret: `${secret.namespace}/${secret.name}`, gateway: gateway.name, problem };
        yield finding('IST0161', gateway, values, {
          ...place,
          labels: [{ span: secret.span, text: 'the credential' }],
        });
      }
    }
  },
});

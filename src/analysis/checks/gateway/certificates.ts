import type { Resource } from '../../../model/resource.ts';
import type { Gateway, GatewayServerTls } from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';

/** What tells one certificate from another: the name of a credential, or the two files. */
const certificateOf = (tls: GatewayServerTls | undefined): readonly string[] => {
  const { credentialName = '', serverCertificate = '', privateKey = '' } = tls ?? {};
  if (credentialName !== '') return [`credential ${credentialName}`];
  return serverCertificate === '' || privateKey === '' ? [] : [`files ${serverCertificate} ${privateKey}`];
};

const certificatesOf = ({ object }: Resource<Gateway>): ReadonlySet<string> =>
  new Set((object.spec?.servers ?? []).flatMap(({ tls }) => certificateOf(tls)));

const nameOf = ({ namespace, name }: Resource): string => `${namespace}/${name}`;

/** Istio's `gateway.CertificateAnalyzer`; one finding for each other Gateway. */
export const gatewayCertificates = defineCheck({
  name: 'gateway.CertificateAnalyzer',
  summary: 'Gateways of the same pods that serve the same certificate.',
  emits: ['IST0138'],
  *run({ mesh }) {
    const holders = new Map<string, Resource<Gateway>[]>();
    for (const gateway of mesh.of('Gateway')) {
      for (const certificate of certificatesOf(gateway)) {
        const known = holders.get(certificate);
        if (known === undefined) holders.set(certificate, [gateway]);
        else known.push(gateway);
      }
    }
    for (const gateway of mesh.of('Gateway')) {
      const selector = gateway.object.spec?.selector ?? {};
      const others = new Set([...certificatesOf(gateway)].flatMap((certificate) => holders.get(certificate) ?? []));
      others.delete(gateway);
      for (const other of others) {
        if (!matchesLabels(selector, other.object.spec?.selector ?? {})) continue;
        const span = spanOf(other.object.metadata, 'name') ?? other.span;
        const values = { gateways: `${nameOf(gateway)} and ${nameOf(other)}` };
        yield finding('IST0138', gateway, values, {
          in: gateway.object.metadata,
          key: 'name',
          labels: [{ span, text: 'serves the same certificate' }],
          hint: 'put the hosts of one certificate into one Gateway',
        });
      }
    }
  },
});

import type { Resource } from '../../../model/resource.ts';
import type { Gateway, GatewayServerTls } from '../../../model/schema/generated/types-istio.ts';
import { matchesLabels } from '../../../model/selector.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { SHOWN_NAMES } from '../../lookup/name-list.ts';
import { selectorText } from '../../lookup/pods.ts';

/** What tells one certificate from another: the name of a credential, or the two files. */
const certificateOf = (tls: GatewayServerTls | undefined): readonly string[] => {
  const { credentialName = '', serverCertificate = '', privateKey = '' } = tls ?? {};
  if (credentialName !== '') return [`credential ${credentialName}`];
  return serverCertificate === '' || privateKey === '' ? [] : [`files ${serverCertificate} ${privateKey}`];
};

const certificatesOf = ({ object }: Resource<Gateway>): ReadonlySet<string> =>
  new Set((object.spec?.servers ?? []).flatMap(({ tls }) => certificateOf(tls)));

const nameOf = ({ namespace, name }: Resource): string => `${namespace}/${name}`;

/** Gateways by their certificates, then by their selectors. */
type Holders = ReadonlyMap<string, ReadonlyMap<string, readonly Resource<Gateway>[]>>;

const selectorOf = ({ object }: Resource<Gateway>): Readonly<Record<string, string>> => object.spec?.selector ?? {};

const collect = (gateways: readonly Resource<Gateway>[]): Holders => {
  const holders = new Map<string, Map<string, Resource<Gateway>[]>>();
  for (const gateway of gateways) {
    const selector = selectorText(selectorOf(gateway));
    for (const certificate of certificatesOf(gateway)) {
      const groups = holders.get(certificate) ?? new Map<string, Resource<Gateway>[]>();
      holders.set(certificate, groups);
      const group = groups.get(selector);
      if (group === undefined) groups.set(selector, [gateway]);
      else group.push(gateway);
    }
  }
  return holders;
};

/** Other Gateways of the same certificate whose selectors have all labels of this one's: no more than are shown. */
const othersOf = (gateway: Resource<Gateway>, holders: Holders): ReadonlySet<Resource<Gateway>> => {
  const others = new Set<Resource<Gateway>>();
  for (const certificate of certificatesOf(gateway)) {
    for (const group of holders.get(certificate)?.values() ?? []) {
      const [first] = group;
      if (first === undefined || !matchesLabels(selectorOf(gateway), selectorOf(first))) continue;
      for (const other of group) {
        if (others.size === SHOWN_NAMES) return others;
        if (other !== gateway) others.add(other);
      }
    }
  }
  return others;
};

/**
 * Istio's `gateway.CertificateAnalyzer`; one finding for each other Gateway. Where very many share a certificate, each is
 * told of a few: pairs would grow with the square of their number.
 */
export const gatewayCertificates = defineCheck({
  name: 'gateway.CertificateAnalyzer',
  summary: 'Gateways of the same pods that serve the same certificate.',
  emits: ['IST0138'],
  *run({ mesh }) {
    const holders = collect(mesh.of('Gateway'));
    for (const gateway of mesh.of('Gateway')) {
      for (const other of othersOf(gateway, holders)) {
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

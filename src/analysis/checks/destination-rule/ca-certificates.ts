import type { DestinationRule } from '../../../model/schema/generated/types-istio.ts';
import { insertEntry, setText } from '../../../yaml/edit.ts';
import { defineCheck, finding, type Place } from '../../check.ts';
import { offerFix } from '../../offer-fix.ts';

type Spec = NonNullable<DestinationRule['spec']>;
type Tls = NonNullable<NonNullable<Spec['trafficPolicy']>['tls']>;

/** A credential is only read where the rule selects workloads: sidecars ignore it otherwise. */
const isUnverified = (tls: Tls, { workloadSelector }: Spec): boolean =>
  (tls.mode === 'SIMPLE' || tls.mode === 'MUTUAL') &&
  (tls.caCertificates ?? '') === '' &&
  ((tls.credentialName ?? '') === '' || workloadSelector === undefined);

const placeOf = (tls: Tls): Place => ({
  ...('caCertificates' in tls && { in: tls, key: 'caCertificates' }),
  effect: 'whoever answers at the address is believed to be the server',
  hint: 'set caCertificates, for example to system',
  ...offerFix('verify the server with the certificates of the system', 'unsafe', [
    'caCertificates' in tls ? setText(tls, 'caCertificates', 'system') : insertEntry(tls, 'caCertificates', 'system'),
  ]),
});

/** Istio's `destinationrule.CaCertificateAnalyzer`. */
export const caCertificates = defineCheck({
  name: 'destinationrule.CaCertificateAnalyzer',
  summary: 'DestinationRules that start TLS without certificates to verify the server with.',
  emits: ['IST0128', 'IST0129'],
  *run({ mesh }) {
    for (const rule of mesh.of('DestinationRule')) {
      const { spec } = rule.object;
      if (spec === undefined) continue;
      const { host, trafficPolicy: policy } = spec;
      const { tls } = policy ?? {};
      if (tls !== undefined && isUnverified(tls, spec))
        yield finding('IST0128', rule, { mode: tls.mode ?? '', host }, placeOf(tls));
      for (const { port, tls: own } of policy?.portLevelSettings ?? []) {
        if (own === undefined || !isUnverified(own, spec)) continue;
        const values = { mode: own.mode ?? '', host, port: String(port?.number ?? '') };
        yield finding('IST0129', rule, values, placeOf(own));
      }
    }
  },
});

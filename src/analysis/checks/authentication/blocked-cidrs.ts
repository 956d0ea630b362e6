import { resourceId } from '../../../model/resource.ts';
import type { Deployment } from '../../../model/schema/generated/types-kubernetes.ts';
import { defineCheck, finding } from '../../check.ts';

const VARIABLE = 'BLOCKED_CIDRS_IN_JWKS_URIS';
const SHOWN = 5;

const isRestricted = ({ spec }: Deployment): boolean =>
  (spec?.template.spec?.containers ?? []).some((container) =>
    (container.env ?? []).some(({ name, value = '' }) => name === VARIABLE && value !== ''),
  );

/** Istio's `authn.BlockedCIDRsAnalyzer`. */
export const blockedCidrs = defineCheck({
  name: 'authn.BlockedCIDRsAnalyzer',
  summary: 'istiod that fetches the key sets of RequestAuthentications from any address.',
  emits: ['IST0175'],
  *run({ mesh }) {
    const requestAuthentications = mesh.of('RequestAuthentication');
    if (requestAuthentications.length === 0) return;
    const names = requestAuthentications.map(({ namespace, name }) => `${namespace}/${name}`);
    const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
    for (const deployment of mesh.of('Deployment')) {
      if (deployment.labels['app'] !== 'istiod' || isRestricted(deployment.object)) continue;
      const policies = `${names.slice(0, SHOWN).join(', ')}${more}`;
      yield finding(
        'IST0175',
        deployment,
        { policies },
        {
          labels: requestAuthentications
            .slice(0, SHOWN)
            .map((resource) => ({ span: resource.span, text: resourceId(resource) })),
          hint: `list the networks istiod must not reach in the variable ${VARIABLE} of container discovery`,
        },
      );
    }
  },
});

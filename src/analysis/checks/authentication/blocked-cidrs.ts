import { resourceId } from '../../../model/resource.ts';
import type { Deployment } from '../../../model/schema/generated/types-kubernetes.ts';
import { defineCheck, finding } from '../../check.ts';
import { nameList, SHOWN_NAMES } from '../../lookup/name-list.ts';

const VARIABLE = 'BLOCKED_CIDRS_IN_JWKS_URIS';

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
    const policies = nameList(requestAuthentications.map(({ namespace, name }) => `${namespace}/${name}`));
    for (const deployment of mesh.of('Deployment')) {
      if (deployment.labels['app'] !== 'istiod' || isRestricted(deployment.object)) continue;
      yield finding(
        'IST0175',
        deployment,
        { policies },
        {
          labels: requestAuthentications
            .slice(0, SHOWN_NAMES)
            .map((resource) => ({ span: resource.span, text: resourceId(resource) })),
          hint: `list the networks istiod must not reach in the variable ${VARIABLE} of container discovery`,
        },
      );
    }
  },
});

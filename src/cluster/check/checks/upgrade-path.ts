import { istiodsIn } from '../../../install/mesh/istiods.ts';
import { isOlder, minorReleasesBetween } from '../../../install/mesh/skew.ts';
import type { HealthCheck, Trouble } from '../check.ts';

/** Whether a release may follow the control planes there are, or those of one revision. */
export const upgradePath = (release: string, revision: string | undefined): HealthCheck => ({
  id: 'upgrade-path',
  category: 'upgrade',
  title: `the control plane can be brought to ${release}`,
  why: 'Istio supports one minor release at a time in place, and no way back',
  docs: 'https://istio.io/latest/docs/setup/upgrade/',
  needs: ['deployments'],
  run: ({ deployments }) =>
    istiodsIn(deployments)
      .filter((istiod) => revision === undefined || istiod.revision === revision)
      .flatMap((istiod): readonly Trouble[] => {
        const isBack = isOlder(release, istiod.version);
        if (!isBack && (minorReleasesBetween(istiod.version, release) ?? 0) < 2) return [];
        const why = isBack ? 'that would be a downgrade' : 'that is more than one minor release';
        return [
          {
            severity: 'warning',
            origin: `Deployment ${istiod.namespace}/${istiod.name}`,
            message: `${istiod.name} is of ${istiod.version}, and ${release} is to follow: ${why}`,
            hint: 'install the new one beside it with --revision, and move namespaces with heddle tag set',
          },
        ];
      }),
});

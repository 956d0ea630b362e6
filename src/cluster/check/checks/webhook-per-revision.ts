import { istiodsIn } from '../../../install/mesh/istiods.ts';
import type { HealthCheck, Trouble } from '../check.ts';
import { belongsTo, isIstios, serviceOf, webhooksOf } from '../webhook-calls.ts';

const installAgain = (revision: string): string =>
  `install it again: heddle install${revision === 'default' ? '' : ` -r ${revision}`}`;

export const webhookPerRevision: HealthCheck = {
  id: 'webhook-per-revision',
  category: 'webhooks',
  title: 'every revision has one injector, and every injector a revision',
  why: 'pods that name the revision get no sidecar, or cannot be created',
  docs: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['deployments', 'injectors'],
  run: ({ deployments, injectors }) => {
    const revisions = new Set(istiodsIn(deployments).map(({ revision }) => revision));
    const own = injectors.filter(isIstios);
    const missing = [...revisions].flatMap((revision): readonly Trouble[] => {
      const found = own.filter((each) => belongsTo(each).revision === revision && belongsTo(each).tag === '');
      if (found.length === 1) return [];
      const names = found.map(({ name }) => name).join(', ');
      const message =
        found.length === 0
          ? `revision ${revision} has no injector`
          : `revision ${revision} has several injectors: ${names}`;
      const hint = found.length === 0 ? installAgain(revision) : 'remove those that no installation made';
      return [{ severity: 'error', message, hint }];
    });
    // An injector that calls a URL leads to an istiod outside of this cluster.
    const orphans = own.filter(
      (each) => !revisions.has(belongsTo(each).revision) && webhooksOf(each).some((webhook) => serviceOf(webhook)),
    );
    return [
      ...missing,
      ...orphans.map((orphan): Trouble => {
        const { revision, tag } = belongsTo(orphan);
        const what = tag === '' ? orphan.name : `tag "${tag}"`;
        const hint =
          tag === '' ? `heddle uninstall -r ${revision}` : `heddle tag remove ${tag}, or move it with heddle tag set`;
        const message = `${what} leads to revision ${revision}, which has no istiod`;
        return { severity: 'error', origin: `${orphan.kind} ${orphan.name}`, message, hint };
      }),
    ];
  },
};

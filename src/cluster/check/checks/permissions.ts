import type { HealthCheck } from '../check.ts';

export const permissions: HealthCheck = {
  id: 'permissions',
  category: 'kubernetes',
  title: 'the user of the context may install',
  why: 'an installation would stop half way',
  docs: 'https://istio.io/latest/docs/setup/install/istioctl/',
  needs: ['permissions'],
  run: (snapshot) =>
    snapshot.permissions
      .filter(({ isAllowed }) => !isAllowed)
      .map(({ resource, namespace }) => ({
        severity: 'error',
        code: 'IST0141',
        message: `Missing required permission to create resource ${resource} (${namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`})`,
        hint: 'ask who runs the cluster for a role that allows it, or choose another user with --context or --as',
      })),
};

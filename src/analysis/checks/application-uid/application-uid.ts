import type { Resource } from '../../../model/resource.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import type { SecondaryLabel } from '../../finding.ts';
import { podTemplateOf } from '../../lookup/pod-template.ts';
import { isControlPlane } from '../../lookup/written.ts';

const PROXY_UID = 1337;

/** Containers that run as the proxy's user because they are the proxy, or Istio's own. */
const OWN_CONTAINERS: ReadonlySet<string> = new Set(['istio-proxy', 'istio-operator']);

const placesOf = (resource: Resource): readonly SecondaryLabel[] => {
  const { spec } = podTemplateOf(resource);
  const contexts = [
    spec?.securityContext,
    ...(spec?.containers ?? []).filter(({ name }) => !OWN_CONTAINERS.has(name)).map((own) => own.securityContext),
  ];
  return contexts.flatMap((context) =>
    context?.runAsUser === PROXY_UID
      ? [{ span: spanOf(context, 'runAsUser') ?? resource.span, text: 'the user of the proxy' }]
      : [],
  );
};

/** Istio's `applicationUID.Analyzer`: applications that run as the user whose traffic is never redirected. */
export const applicationUid = defineCheck({
  name: 'applicationUID.Analyzer',
  summary: 'Containers that run as user 1337, whose traffic bypasses the sidecar.',
  emits: ['IST0144'],
  *run({ mesh }) {
    for (const resource of [...mesh.of('Pod'), ...mesh.of('Deployment')]) {
      const labels = isControlPlane(resource) ? [] : placesOf(resource);
      if (labels.length === 0) continue;
      yield finding(
        'IST0144',
        resource,
        {},
        {
          labels,
          effect: 'connections of this user are not redirected to the sidecar: no mutual TLS, no policy, no telemetry',
          hint: 'choose any other user id',
        },
      );
    }
  },
});

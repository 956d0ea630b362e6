import type { Resource } from '../../model/resource.ts';
import type { AuthorizationPolicy } from '../../model/schema/generated/types-istio.ts';
import type { At, Review } from './review.ts';

const DRY_RUN = 'istio.io/dry-run';
const RESERVED: readonly string[] = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parents',
  'internal.istio.io/parent-namespace',
];
/** The words Go reads as a truth value. */
const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/** Annotations that make the webhook refuse an object of any of Istio's kinds. */
export const reviewAnnotations = (resource: Resource, review: Review): void => {
  const { annotations, kind } = resource;
  const written = resource.object.metadata.annotations ?? {};
  const dryRun = annotations[DRY_RUN];
  if (dryRun !== undefined) {
    const at: At = [written, DRY_RUN];
    if (kind !== 'AuthorizationPolicy') review.refuse(`annotation ${DRY_RUN} works on AuthorizationPolicies alone`, at);
    else {
      const action = (resource as Resource<AuthorizationPolicy>).object.spec?.action ?? 'ALLOW';
      if (action !== 'ALLOW' && action !== 'DENY') {
        review.refuse(`annotation ${DRY_RUN} works with action ALLOW or DENY, not with ${action}`, at);
      } else if (!BOOLEAN.test(dryRun)) review.refuse(`annotation ${DRY_RUN} is "${dryRun}", not true or false`, at);
    }
  }
  for (const name of RESERVED) {
    if (annotations[name] !== undefined) review.refuse(`annotation ${name} is Istio's own`, [written, name, 'key']);
  }
};

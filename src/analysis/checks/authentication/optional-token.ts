import type { Mesh } from '../../../model/mesh.ts';
import type { Resource } from '../../../model/resource.ts';
import type { AuthorizationPolicy, VirtualService } from '../../../model/schema/generated/types-istio.ts';
import { defineCheck, finding } from '../../check.ts';
import { conditionsOf } from '../../lookup/policy-lists.ts';
import { isRoutingClaim } from '../../validate/http-route.ts';

/** Whether a policy looks at tokens, or may have them looked at by an authorizer of its own. */
const asksForToken = ({ object }: Resource<AuthorizationPolicy>): boolean =>
  object.spec?.action === 'CUSTOM' ||
  (object.spec?.rules ?? []).flatMap(conditionsOf).some(
    ({ attribute, holder }) =>
      attribute === 'requestPrincipals' ||
      attribute.startsWith('request.auth.') ||
      // An older way to require a token.
      ('key' in holder && /^request\.headers\[authorization\]$/i.test(attribute)),
  );

const routesByClaim = ({ object }: Resource<VirtualService>): boolean =>
  (object.spec?.http ?? [])
    .flatMap(({ match = [] }) => match)
    .some(({ headers = {}, withoutHeaders = {} }) =>
      Object.keys({ ...headers, ...withoutHeaders }).some(isRoutingClaim),
    );

/** The namespaces in which some policy asks for tokens; a policy of the root namespace is in force in all. */
const askingNamespaces = (mesh: Mesh): ReadonlySet<string> =>
  new Set(
    mesh
      .of('AuthorizationPolicy')
      .filter(asksForToken)
      .map(({ namespace }) => namespace),
  );

/** Tokens that are verified where they are sent, and required nowhere. */
export const optionalToken = defineCheck({
  name: 'heddle.OptionalToken',
  summary: 'RequestAuthentications without an AuthorizationPolicy that requires the token.',
  emits: ['HED0070'],
  *run({ mesh }) {
    const requests = mesh.of('RequestAuthentication');
    if (requests.length === 0 || mesh.of('VirtualService').some(routesByClaim)) return;
    const asking = askingNamespaces(mesh);
    const { rootNamespace } = mesh.config;
    for (const resource of requests) {
      const { spec } = resource.object;
      if (spec === undefined || (spec.jwtRules ?? []).length === 0) continue;
      const isAsked =
        asking.has(rootNamespace) ||
        (resource.namespace === rootNamespace ? asking.size > 0 : asking.has(resource.namespace));
      if (isAsked) continue;
      yield finding(
        'HED0070',
        resource,
        {},
        {
          in: spec,
          key: 'jwtRules',
          part: 'key',
          effect: 'a request without token passes; only one with a bad token is answered with 401',
          hint: 'add an AuthorizationPolicy that allows requestPrincipals: ["*"], or denies notRequestPrincipals: ["*"]',
        },
      );
    }
  },
});

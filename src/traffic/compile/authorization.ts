import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { AuthorizationPolicy } from '../../model/schema/generated/types-istio.ts';
import type { Authorization, AuthorizationPolicies, AuthorizationRule, Origin } from '../tables.ts';
import { checkPolicy, warnOfAbsentFacts } from './authorization-check.ts';
import { compileRule, type RuleContext, withoutHttp } from './authorization-rules.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { indexTargeted, warnOfTargets } from './policy-target.ts';
import { originOf, type Report } from './report.ts';

/** Where a policy's rules are asked, by its action. */
type Stage = 'custom' | 'deny' | 'allow';

interface PolicyPlan {
  readonly resource: Resource<AuthorizationPolicy>;
  readonly stage: Stage;
  readonly origin: Origin;
  readonly rules: readonly AuthorizationRule[];
}

/** What the policies of a mesh say of a pod's proxy; undefined where none applies. */
export type AuthorizationOf = (pod: Pod) => Authorization | undefined;

/** Validates and compiles the AuthorizationPolicies of a mesh. Proxies under the same policies share the result. */
export const indexAuthorization = (mesh: Mesh, settings: MeshSettings, report: Report): AuthorizationOf => {
  const plans = mesh.of('AuthorizationPolicy').flatMap((resource) => planPolicy(resource, mesh, settings, report));
  const trustedProxies = mesh.config.defaultConfig.gatewayTopology?.numTrustedProxies ?? 0;
  const known = new Map<string, Authorization>();
  const plansFor = indexTargeted(plans, ({ resource }) => resource, settings.rootNamespace);
  return (pod) => {
    const applying = plansFor(pod);
    if (applying.length === 0) return undefined;
    const key = applying.map(({ resource }) => resource.order).join(',');
    const found = known.get(key);
    if (found !== undefined) return found;
    const authorization = {
      http: policiesOf(applying, (rule) => rule),
      tcp: policiesOf(applying, withoutHttp),
      trustedProxies,
    };
    known.set(key, authorization);
    return authorization;
  };
};

/** Empty for a policy that is invalid or changes no request anywhere. */
const planPolicy = (
  resource: Resource<AuthorizationPolicy>,
  mesh: Mesh,
  settings: MeshSettings,
  report: Report,
): readonly PolicyPlan[] => {
  checkPolicy(resource, report);
  if (report.isInvalid(resource)) return [];
  const { spec } = resource.object;
  const action = spec?.action ?? 'ALLOW';
  // Envoy only counts what a dry run would have done; AUDIT marks requests for plugins that are not here.
  if (action === 'AUDIT' || isDryRun(resource)) return [];
  warnOfTargets(resource, report);
  const provider = spec?.provider?.name ?? '';
  if (action === 'CUSTOM' && isAuthorizer(mesh, provider)) {
    const effect = `provider ${provider} is NOT asked, and requests that it would deny are let through`;
    report.unsupportedField(resource, 'action CUSTOM', effect, [spec ?? {}, 'provider']);
    return [];
  }
  if (action === 'CUSTOM') {
    const message = `the mesh configuration has no authorization provider "${provider}": requests that the rules match are denied`;
    report.warn(resource, 'PROVIDER_NOT_FOUND', message, [spec ?? {}, 'provider']);
  }
  warnOfAbsentFacts(resource, report);
  const rules = (spec?.rules ?? []).map((rule, index) => {
    const name = `ns[${resource.namespace}]-policy[${resource.name}]-rule[${index}]`;
    const context: RuleContext = {
      name: action === 'CUSTOM' ? `istio-ext-authz-${provider}-${name}-deny-due-to-bad-CUSTOM-action` : name,
      origin: originOf(resource, [spec?.rules ?? [], index]),
      namespace: resource.namespace,
      trustDomains: settings.trustDomains,
    };
    return compileRule(rule, context);
  });
  const stage = action === 'CUSTOM' ? 'custom' : action === 'DENY' ? 'deny' : 'allow';
  return [{ resource, stage, origin: originOf(resource, [spec ?? {}]), rules }];
};

/** As Go reads a boolean; anything else is none, and the policy is in force. */
const isDryRun = ({ annotations }: Resource): boolean =>
  /^(?:1|t|T|true|True|TRUE)$/.test(annotations['istio.io/dry-run'] ?? '');

const isAuthorizer = ({ config }: Mesh, name: string): boolean =>
  config.extensionProviders.some(
    (provider) =>
      provider.name === name && (provider.envoyExtAuthzHttp !== undefined || provider.envoyExtAuthzGrpc !== undefined),
  );

const policiesOf = (
  plans: readonly PolicyPlan[],
  adapt: (rule: AuthorizationRule, isAllow: boolean) => AuthorizationRule | undefined,
): AuthorizationPolicies => {
  const rulesOf = (stage: Stage): readonly AuthorizationRule[] =>
    plans
      .filter((plan) => plan.stage === stage)
      .flatMap(({ rules }) => rules.flatMap((rule) => adapt(rule, stage === 'allow') ?? []))
      // The order in which Envoy tries the rules of one stage, so that the same one is named where several match.
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  const allowing = plans.filter(({ stage }) => stage === 'allow');
  return {
    custom: rulesOf('custom'),
    deny: rulesOf('deny'),
    allow:
      allowing.length === 0 ? undefined : { rules: rulesOf('allow'), policies: allowing.map(({ origin }) => origin) },
  };
};

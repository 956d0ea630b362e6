import type { Mesh } from '../../model/mesh.ts';
import type { Pod } from '../../model/pod.ts';
import type { Resource } from '../../model/resource.ts';
import type { AuthorizationPolicy } from '../../model/schema/generated/types-istio.ts';
import type { Authorization, AuthorizationPolicies, AuthorizationRule, Origin } from '../tables.ts';
import { checkPolicy, warnOfAbsentFacts } from './authorization-check.ts';
import { compileRule, type RuleContext, withoutHttp } from './authorization-rules.ts';
import { type AuthorizerOf, indexAuthorizers } from './authorizers.ts';
import type { MeshSettings } from './mesh-settings.ts';
import { indexTargeted, warnOfTargets } from './policy-target.ts';
import { originOf, type Report } from './report.ts';
import type { ServiceRegistry } from './services.ts';

/** What a policy's rules are for; the first three are those of action CUSTOM. */
type Stage = 'refused' | 'dry-run' | 'check' | 'deny' | 'allow';

interface PolicyPlan {
  readonly resource: Resource<AuthorizationPolicy>;
  readonly stage: Stage;
  /** Of CUSTOM; empty otherwise. */
  readonly provider: string;
  readonly origin: Origin;
  readonly rules: readonly AuthorizationRule[];
}

/** What the policies of a mesh say of a pod's proxy; undefined where none applies. */
export type AuthorizationOf = (pod: Pod) => Authorization | undefined;

/** Validates and compiles the AuthorizationPolicies of a mesh. Proxies under the same policies share the result. */
export const indexAuthorization = (
  mesh: Mesh,
  registry: ServiceRegistry,
  settings: MeshSettings,
  report: Report,
): AuthorizationOf => {
  const authorizerOf = indexAuthorizers(mesh, registry, report);
  const plans = mesh
    .of('AuthorizationPolicy')
    .flatMap((resource) => planPolicy(resource, authorizerOf, settings, report));
  const trustedProxies = mesh.config.defaultConfig.gatewayTopology?.numTrustedProxies ?? 0;
  const known = new Map<string, Authorization>();
  const plansFor = indexTargeted(plans, ({ resource }) => resource, settings.rootNamespace);
  return (pod) => {
    const applying = plansFor(pod);
    if (applying.length === 0) return undefined;
    const key = applying.map(({ resource }) => resource.order).join(',');
    const found = known.get(key);
    if (found !== undefined) return found;
    const decided = withOneProvider(applying, report);
    warnOfConnections(pod, decided, authorizerOf, registry, report);
    const authorization = {
      http: policiesOf(decided, (rule) => rule, authorizerOf),
      tcp: policiesOf(ofConnections(decided, authorizerOf), withoutHttp, authorizerOf),
      trustedProxies,
    };
    known.set(key, authorization);
    return authorization;
  };
};

/** Empty for a policy that is invalid or changes no request anywhere. */
const planPolicy = (
  resource: Resource<AuthorizationPolicy>,
  authorizerOf: AuthorizerOf,
  settings: MeshSettings,
  report: Report,
): readonly PolicyPlan[] => {
  checkPolicy(resource, report);
  if (report.isInvalid(resource)) return [];
  const { spec } = resource.object;
  const action = spec?.action ?? 'ALLOW';
  const provider = action === 'CUSTOM' ? (spec?.provider?.name ?? '') : '';
  // Envoy only counts what a dry run would have done; AUDIT marks requests for plugins that are not here.
  if (action === 'AUDIT' || (action !== 'CUSTOM' && isDryRun(resource))) return [];
  warnOfTargets(resource, report);
  const stage = action === 'CUSTOM' ? customStage(resource, provider, authorizerOf, report) : STAGES[action];
  if (stage === undefined) return [];
  warnOfAbsentFacts(resource, report);
  const rules = (spec?.rules ?? []).map((rule, index) => {
    const name = `ns[${resource.namespace}]-policy[${resource.name}]-rule[${index}]`;
    const context: RuleContext = {
      name: action === 'CUSTOM' ? `istio-ext-authz-${provider}-${name}` : name,
      origin: originOf(resource, [spec?.rules ?? [], index]),
      namespace: resource.namespace,
      trustDomains: settings.trustDomains,
    };
    return compileRule(rule, context);
  });
  return [{ resource, stage, provider, origin: originOf(resource, [spec ?? {}]), rules }];
};

const STAGES = { ALLOW: 'allow', DENY: 'deny' } as const;

/** What a CUSTOM policy comes to; undefined = nothing. */
const customStage = (
  resource: Resource<AuthorizationPolicy>,
  provider: string,
  authorizerOf: AuthorizerOf,
  report: Report,
): Stage | undefined => {
  const at = [resource.object.spec ?? {}, 'provider'] as const;
  const authorizer = authorizerOf(provider);
  if ('fault' in authorizer) {
    if (isDryRun(resource)) return undefined;
    const message = `${authorizer.fault}: requests that the rules match are denied`;
    report.warn(resource, 'PROVIDER_NOT_FOUND', message, at);
    return 'refused';
  }
  if (!isDryRun(resource)) return 'check';
  // Istio writes these rules where Envoy enforces them, not where it counts.
  const message = `a dry run of action CUSTOM is none: Istio denies what the rules match, and provider ${provider} is not asked`;
  report.warn(resource, 'DRY_RUN_DENIES', message, at);
  return 'dry-run';
};

/** As Go reads a boolean; anything else is none, and the policy is in force. */
const isDryRun = ({ annotations }: Resource): boolean =>
  /^(?:1|t|T|true|True|TRUE)$/.test(annotations['istio.io/dry-run'] ?? '');

/** Istio, which can ask one provider for a workload, denies what it would ask several about. */
const withOneProvider = (plans: readonly PolicyPlan[], report: Report): readonly PolicyPlan[] => {
  const custom = plans.filter(({ provider }) => provider !== '');
  const providers = [...new Set(custom.map(({ provider }) => provider))].sort();
  if (providers.length < 2) return plans;
  for (const { resource } of custom) {
    const message = `one workload cannot have several providers (${providers.join(', ')}): requests that the rules match are denied`;
    report.warnOnce(resource, 'SEVERAL_PROVIDERS', message, [resource.object.spec ?? {}, 'provider']);
  }
  return plans.flatMap((plan) => {
    if (plan.stage === 'dry-run') return [];
    return plan.stage === 'check' ? [{ ...plan, stage: 'refused' }] : [plan];
  });
};

/** Over HTTP, an authorizer is not asked about connections without it: Istio lets them pass. */
const ofConnections = (plans: readonly PolicyPlan[], authorizerOf: AuthorizerOf): readonly PolicyPlan[] =>
  plans.filter(({ stage, provider }) => (stage !== 'check' && stage !== 'dry-run') || isGrpc(authorizerOf(provider)));

const isGrpc = (authorizer: ReturnType<AuthorizerOf>): boolean =>
  'protocol' in authorizer && authorizer.protocol === 'grpc';

const warnOfConnections = (
  pod: Pod,
  plans: readonly PolicyPlan[],
  authorizerOf: AuthorizerOf,
  registry: ServiceRegistry,
  report: Report,
): void => {
  const unasked = plans.filter((plan) => plan.stage === 'check' && !isGrpc(authorizerOf(plan.provider)));
  if (unasked.length === 0 || !servesTcp(pod, registry)) return;
  for (const { resource, provider } of unasked) {
    const message = `provider ${provider} is asked over HTTP: connections to ports without HTTP pass without a question`;
    report.warnOnce(resource, 'CONNECTIONS_NOT_CHECKED', message, [resource.object.spec ?? {}, 'provider']);
  }
};

const servesTcp = (pod: Pod, registry: ServiceRegistry): boolean =>
  [...registry.values()].some(
    ({ pods, ports }) => ports.some(({ protocol }) => protocol === 'tcp') && pods.some((placed) => placed.pod === pod),
  );

const policiesOf = (
  plans: readonly PolicyPlan[],
  adapt: (rule: AuthorizationRule, isAllow: boolean) => AuthorizationRule | undefined,
  authorizerOf: AuthorizerOf,
): AuthorizationPolicies => {
  const rulesOf = (stage: Stage): readonly AuthorizationRule[] =>
    plans
      .filter((plan) => plan.stage === stage)
      .flatMap(({ rules }) => rules.flatMap((rule) => adapt(rule, stage === 'allow') ?? []))
      // The order in which Envoy tries the rules of one stage, so that the same one is named where several match.
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  const allowing = plans.filter(({ stage }) => stage === 'allow');
  const refused = rulesOf('refused').map((rule) => ({ ...rule, name: `${rule.name}-deny-due-to-bad-CUSTOM-action` }));
  const authorizer = authorizerOf(plans.find(({ stage }) => stage === 'check')?.provider ?? '');
  const asked = rulesOf('check');
  return {
    custom: [...refused, ...rulesOf('dry-run')],
    ...(asked.length === 0 || 'fault' in authorizer ? {} : { check: { authorizer, rules: asked } }),
    deny: rulesOf('deny'),
    allow:
      allowing.length === 0 ? undefined : { rules: rulesOf('allow'), policies: allowing.map(({ origin }) => origin) },
  };
};

import type { TLSRoute } from '../../../model/schema/generated/types-gateway-api.ts';
import type { VirtualServiceTls } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';
import { intersectHosts } from '../names.ts';
import type { RuleContext } from '../rule-action.ts';
import { compileTlsRules, type TlsRulePlan } from '../tls-rules.ts';
import type { BackendContext } from './backends.ts';
import type { Attachment } from './parents.ts';
import { convertBackends } from './tcp-rules.ts';

/**
 * The rules of a TLSRoute where it is attached, for one host there, each for all server names that it takes. A rule
 * without any backend of weight takes no connection.
 */
export const planTlsRules = (
  context: BackendContext,
  { spec }: TLSRoute,
  at: Attachment,
  host: string,
): readonly TlsRulePlan[] => {
  const { resource, report } = context;
  const sniHosts = serverNamesOf(
    spec.hostnames.map((name) => name.toLowerCase()),
    at,
    host,
  );
  const rules: VirtualServiceTls[] = [];
  for (const rule of spec.rules) {
    const route = convertBackends(context, rule);
    if (route === undefined) return [];
    if (route.length === 0) continue;
    const match = { sniHosts, ...(at.port === undefined ? {} : { port: at.port }) };
    copyPosition(rule, match);
    rules.push({ match: [match], route });
  }
  const ruleContext: RuleContext = { resource, namespace: resource.namespace, defaultRetry: undefined, report };
  return compileTlsRules(ruleContext, rules, sniHosts);
};

/**
 * At a listener the names that it has too. On the mesh, of several names those that have any in common with the service's
 * host, and without any of them every connection, as in Istio.
 */
const serverNamesOf = (hostnames: readonly string[], { gateway, hostname }: Attachment, host: string) => {
  if (gateway !== 'mesh') return hostnames.flatMap((name) => intersectHosts(hostname || '*', name) ?? []);
  if (hostnames.length === 1) return hostnames;
  const own = hostnames.filter((name) => intersectHosts(name, host) !== undefined);
  return own.length === 0 ? ['*'] : own;
};

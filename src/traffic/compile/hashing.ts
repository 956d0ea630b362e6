import type { HashPolicy } from '../tables.ts';
import type { Client, DestinationRuleIndex } from './destination-rules.ts';
import { connectionHash, destinationHash, hashPolicyOf, serviceHash } from './hash-policies.ts';
import type { MeshService, ServiceRegistry } from './services.ts';

/** What requests of one client are hashed by, on their way to a host. */
export interface Hashing {
  /** Of a Service's own route. */
  ofService(service: MeshService, port: number): readonly HashPolicy[] | undefined;
  /** Of a destination of a rule; `port` only where the destination names one. */
  ofDestination(host: string, subset: string, port: number | undefined): HashPolicy | undefined;
  ofConnection(host: string, subset: string): readonly HashPolicy[] | undefined;
}

/** Looks DestinationRules up for a client; undefined when none of them hashes. */
export const hashingFor = (
  rules: DestinationRuleIndex,
  registry: ServiceRegistry,
  client: Client,
): Hashing | undefined => {
  if (!rules.usesHashing) return undefined;
  const ruleOf = (host: string) => {
    const service = registry.get(host);
    return service === undefined ? undefined : rules.find(service, client);
  };
  return {
    ofService: (service, port) => {
      const rule = rules.find(service, client);
      const hash = rule === undefined ? undefined : serviceHash(rule, port);
      const policy = hash === undefined ? undefined : hashPolicyOf(hash);
      return policy === undefined ? undefined : [policy];
    },
    ofDestination: (host, subset, port) => {
      const rule = ruleOf(host);
      const hash = rule === undefined ? undefined : destinationHash(rule, subset, port);
      return hash === undefined ? undefined : hashPolicyOf(hash);
    },
    ofConnection: (host, subset) => {
      const rule = ruleOf(host);
      const policies = rule === undefined ? [] : connectionHash(rule, subset);
      return policies.length === 0 ? undefined : policies;
    },
  };
};

import { outboundClusterName } from './names.ts';
import type { ServiceRegistry } from './services.ts';

/** Where the service of an extension provider is asked. */
export interface ProviderPlace {
  readonly cluster: string;
  readonly host: string;
}

/** `HOST`, or `NAMESPACE/HOST`; `fault` says why there is no such service. */
export const providerPlace = (
  { service = '', port = 0 }: { readonly service?: string; readonly port?: number },
  registry: ServiceRegistry,
): ProviderPlace | { readonly fault: string } => {
  const [first = '', second] = service.split('/');
  const found = registry.get(second ?? first);
  if (found === undefined || (second !== undefined && found.namespace !== first)) {
    return { fault: `there is no service "${service}"` };
  }
  return { cluster: outboundClusterName(port, '', found.host), host: found.host };
};

import type { MeshService } from './services.ts';

const withPort = (hosts: readonly string[], port: number): readonly string[] =>
  hosts.flatMap((host) => [host, `${host}:${port}`]);

/** Domains of a host that is no Service. */
export const hostDomains = (host: string, port: number): readonly string[] => withPort([host], port);

/** Every name a client in `namespace` may call a Service by, as Istio lists them; the bare name only at home. */
export const serviceDomains = (service: MeshService, port: number, namespace: string): readonly string[] => {
  if (service.source === 'service-entry') return withPort([service.host, ...service.addresses], port);
  const hosts = [service, ...service.aliases].flatMap((named) => serviceNames(named, namespace));
  // Pods of a headless service have names of their own below it.
  if (service.isHeadless) hosts.push(...serviceNames(service, namespace).map((host) => `*.${host}`));
  return withPort([...hosts, ...service.addresses], port);
};

const serviceNames = (
  service: { readonly name: string; readonly namespace: string },
  namespace: string,
): readonly string[] => {
  const qualified = `${service.name}.${service.namespace}`;
  const names = [`${qualified}.svc.cluster.local`, qualified, `${qualified}.svc`];
  return service.namespace === namespace ? [...names, service.name] : names;
};

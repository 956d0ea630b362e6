/** The suffix of every Service's name in Istio's registry; Istio's default cluster domain. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** `reviews.default.svc.cluster.local`, Istio's host name of a Kubernetes Service. */
export const serviceFqdn = (name: string, namespace: string): string => `${name}.${namespace}.svc.${CLUSTER_DOMAIN}`;

/**
 * The full host that a host of an Istio resource means in the resource's namespace: a name without dots is a Service
 * there. Anything with a dot stays, so `reviews.other` is not `reviews.other.svc.cluster.local`, and so do wildcards
 * and addresses.
 */
export const resolveShortName = (host: string, namespace: string): string =>
  host === '' || host.includes('.') || host.includes('*') || host.includes(':') ? host : serviceFqdn(host, namespace);

/** Name and namespace of the Kubernetes Service behind a full host; undefined for any other host. */
export const parseServiceFqdn = (host: string): { readonly name: string; readonly namespace: string } | undefined => {
  const suffix = `.svc.${CLUSTER_DOMAIN}`;
  if (!host.endsWith(suffix)) return undefined;
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split('.');
  return name !== undefined && namespace !== undefined && rest.length === 0 ? { name, namespace } : undefined;
};

/** Qualifies a reference such as a VirtualService's gateway; a bare name means the namespace of the referring object. */
export const qualifyReference = (
  reference: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } => {
  const slash = reference.indexOf('/');
  return slash < 0
    ? { namespace, name: reference }
    : { namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
};

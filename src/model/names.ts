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

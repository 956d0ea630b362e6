/** Qualifies a gateway reference; a bare name means the namespace of the VirtualService, `mesh` all sidecars. */
export const qualifyGateway = (reference: string, namespace: string): string =>
  reference === 'mesh' || reference.includes('/') ? reference : `${namespace}/${reference}`;

/** Envoy's name for a cluster towards a service: `outbound|80|v1|reviews.default.svc.cluster.local`. */
export const outboundClusterName = (port: number, subset: string, host: string): string =>
  `outbound|${port}|${subset}|${host}`;

/** The SNI of Istio mutual TLS: `outbound_.80_.v1_.reviews.default.svc.cluster.local`. */
export const outboundSni = (port: number, subset: string, host: string): string =>
  `outbound_.${port}_.${subset}_.${host}`;

/** Whether a host, or every host of a wildcard, falls under a pattern (`*`, `*.example.com`, or a plain name). */
export const hostCovers = (pattern: string, host: string): boolean => {
  if (pattern === host || pattern === '*') return true;
  if (!pattern.startsWith('*')) return false;
  const suffix = pattern.slice(1);
  const name = host.startsWith('*') ? host.slice(1) : host;
  return name.endsWith(suffix) && (host.startsWith('*') || name.length > suffix.length);
};

/** The narrower of two hosts where they overlap. */
export const intersectHosts = (left: string, right: string): string | undefined => {
  if (hostCovers(left, right)) return right;
  return hostCovers(right, left) ? left : undefined;
};

/** Whether an object is visible in a namespace: `exportTo` absent or `*` is everywhere, `.` its own namespace. */
export const isExportedTo = (exportTo: readonly string[] | undefined, own: string, namespace: string): boolean => {
  if (exportTo === undefined || exportTo.length === 0) return true;
  return exportTo.some((entry) => entry === '*' || entry === namespace || (entry === '.' && own === namespace));
};

/** Istio's name of a cluster taken apart: `outbound|80|v1|reviews.default.svc.cluster.local`. */
export interface ClusterName {
  readonly direction: string;
  readonly port: number;
  readonly subset: string;
  readonly fqdn: string;
}

/** The parts of a cluster's name; undefined where it is not one Istio made from four parts, such as `agent`. */
export const parseClusterName = (name: string): ClusterName | undefined => {
  const [direction = '', port = '', subset = '', fqdn, ...more] = name.split('|');
  if (fqdn === undefined) return undefined;
  return { direction, port: /^[+-]?\d+$/.test(port) ? Number(port) : 0, subset, fqdn: more.length === 0 ? fqdn : '' };
};

/** Whether one cluster's name stands before another's: by host, subset, port and direction. */
export const isClusterBefore = (left: string, right: string): boolean => {
  const one = parseClusterName(left) ?? { direction: '', port: 0, subset: '', fqdn: left };
  const other = parseClusterName(right) ?? { direction: '', port: 0, subset: '', fqdn: right };
  if (one.fqdn !== other.fqdn) return one.fqdn < other.fqdn;
  if (one.subset !== other.subset) return one.subset < other.subset;
  if (one.port !== other.port) return one.port < other.port;
  return one.direction < other.direction;
};

/**
 * What must be ready before a component is begun, as istioctl has it, with the namespace of all; what is not installed
 * counts as ready.
 */
export const NEEDS: Readonly<Record<string, readonly string[]>> = {
  namespace: [],
  base: ['namespace'],
  pilot: ['namespace', 'base'],
  cni: ['namespace', 'base'],
  ingressGateways: ['namespace', 'pilot'],
  egressGateways: ['namespace', 'pilot'],
  ztunnel: ['namespace', 'cni'],
};

/** What must be ready before a component is begun, as istioctl has it; a component that is not installed counts as ready. */
export const NEEDS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  pilot: ['base'],
  cni: ['base'],
  ingressGateways: ['pilot'],
  egressGateways: ['pilot'],
  ztunnel: ['cni'],
};

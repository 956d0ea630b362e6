/** Settings that a cluster asks for by its version, as istioctl makes them; what the user sets is over them. */
export const detectedSettings = (gitVersion: string): readonly string[] =>
  gitVersion.includes('-gke')
    ? ['components.cni.namespace=kube-system', 'values.global.platform=gke', 'values.cni.resourceQuotas.enabled=false']
    : [];

/** The platform that a cluster looks like and installations are not made for unless they are told so. */
export const suspectedPlatform = (gitVersion: string, apiVersions: readonly string[]): string | undefined => {
  if (apiVersions.some((each) => each.startsWith('security.openshift.io/'))) return 'openshift';
  return gitVersion.includes('+k3s') ? 'k3s' : undefined;
};

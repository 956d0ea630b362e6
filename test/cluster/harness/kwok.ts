import type { Api } from './api.ts';

/** The kinds of kwok that stand in for what a kubelet would stream from containers. */
export const KWOK_KINDS = ['PortForward', 'Logs', 'Exec'] as const;

const GROUP = 'kwok.x-k8s.io';

/** The resource definition of one of kwok's kinds; kwok checks what is in the objects itself. */
export const kwokDefinition = (kind: (typeof KWOK_KINDS)[number]) => {
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('s') ? singular : `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
};

/** A pod's port, and where connections to it end. */
export interface Forwarded {
  readonly port: number;
  /** 127.0.0.1 where absent. */
  readonly address?: string;
  readonly target: number;
}

/** Makes port-forwards of a pod end where they are told to. */
export const forwardPorts = (
  api: Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  ports: readonly Forwarded[],
): Promise<void> =>
  api.apply(`/apis/${GROUP}/v1alpha1/namespaces/${namespace}/portforwards/${name}`, {
    apiVersion: `${GROUP}/v1alpha1`,
    kind: 'PortForward',
    metadata: { namespace, name },
    spec: {
      forwards: ports.map(({ port, address = '127.0.0.1', target }) => ({
        ports: [port],
        target: { port: target, address },
      })),
    },
  });

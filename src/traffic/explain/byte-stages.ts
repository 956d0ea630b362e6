import type { TcpRoute } from '../tables.ts';
import { sourceOf } from './conditions.ts';
import { endpointShares } from './endpoint-shares.ts';
import type { Branch, TracedStep } from './explanation.ts';
import { ownAnswer, type Sender } from './forward.ts';
import { answeringAt, type MeshView } from './mesh-view.ts';
import type { TravellingRequest } from './request-headers.ts';
import { receive } from './server-side.ts';

/** The only outcome of a connection that ends without an answer. */
export const failed = (error: string, flags = '-', cluster: string | null = null): readonly Branch[] => [
  { probability: 1, status: null, flags, cluster, because: error, error },
];

/** What kube-proxy does with a virtual address: any ready endpoint. */
export const withoutSidecar = (
  view: MeshView,
  { address, port }: { readonly address: string; readonly port: number },
  from: string,
  request: TravellingRequest,
  steps: TracedStep[],
): readonly Branch[] => {
  const endpoints = answeringAt(view, address, port);
  return endpoints.flatMap((endpoint) => {
    const reception = receive(
      view,
      { ...endpoint, transport: { kind: 'plaintext' }, fromAddress: from, fromId: '' },
      request,
    );
    steps.push(...reception.steps);
    return received(reception, request, null, 1 / endpoints.length);
  });
};

const received = (
  reception: ReturnType<typeof receive>,
  request: TravellingRequest,
  cluster: string | null,
  probability: number,
): readonly Branch[] => {
  switch (reception.kind) {
    case 'answered':
      return [
        { probability, status: 200, flags: '-', cluster, because: 'the application answers', received: reception },
      ];
    case 'denied':
      return [
        {
          probability,
          ...ownAnswer(request, reception.status),
          flags: '-',
          cluster,
          because: `denied by ${reception.policy}`,
          policy: reception.policy,
        },
      ];
    case 'refused-path':
      return [
        { probability, ...ownAnswer(request, 400), flags: '-', cluster, because: 'the path cannot be normalized' },
      ];
    default: {
      const because = reception.steps.at(-1)?.decision ?? '';
      const policy = reception.policy === undefined ? {} : { policy: reception.policy };
      return [{ probability, status: null, flags: '-', cluster, because, error: 'connection reset', ...policy }];
    }
  }
};

/** Sends a connection to a cluster without looking into it. */
export const asBytes = (
  { view, tables, address, port, steps }: Sender,
  name: string,
  request: TravellingRequest,
  probability = 1,
): readonly Branch[] => {
  const cluster = tables.clusters.get(name);
  const shares = cluster === undefined ? [] : endpointShares(view, cluster, address, port);
  if (cluster === undefined || shares.length === 0)
    return failed('connection closed', cluster === undefined ? 'NC' : 'UH', name);
  steps.push({ stage: 'destination', decision: name, ...sourceOf(cluster.origin) });
  return shares.flatMap(({ endpoint, share }) => {
    const reception = receive(
      view,
      {
        address: endpoint.address,
        port: endpoint.port,
        transport: endpoint.transport,
        fromAddress: tables.node.address,
        fromId: tables.node.spiffeId,
      },
      request,
    );
    steps.push(...reception.steps);
    return received(reception, request, name, probability * share);
  });
};

/** Sends a connection the way of a TCP route. */
export const tcp = (
  sender: Sender,
  { destinations, totalWeight, origin }: TcpRoute,
  request: TravellingRequest,
): readonly Branch[] => {
  sender.steps.push({ stage: 'route', decision: 'the TCP route of the listener', ...sourceOf(origin) });
  return destinations.flatMap(({ cluster, weight }) =>
    asBytes(sender, cluster, request, destinations.length === 1 || totalWeight === 0 ? 1 : weight / totalWeight),
  );
};

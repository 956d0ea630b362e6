import type { Cluster } from '../../traffic/tables.ts';
import type { DownstreamStream } from '../stream.ts';

/** Whether a request goes to its cluster in HTTP/2: by the cluster's own protocol, or by the client's. WebSocket never. */
export const usesHttp2 = ({ http }: Cluster, { protocol, isUpgrade }: DownstreamStream): boolean =>
  (http === 'http2' && !isUpgrade) || (http === 'same' && protocol === 'HTTP/2');

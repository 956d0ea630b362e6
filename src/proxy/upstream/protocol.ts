import type { Cluster } from '../../traffic/tables.ts';
import type { DownstreamStream } from '../stream.ts';

/** Whether a request goes to its cluster in HTTP/2: by the cluster's own protocol, or by the client's. */
export const usesHttp2 = ({ http }: Cluster, { protocol }: DownstreamStream): boolean =>
  http === 'http2' || (http === 'same' && protocol === 'HTTP/2');

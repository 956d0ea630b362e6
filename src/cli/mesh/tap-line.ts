import type { TapEvent } from '../../admin/protocol.ts';
import { escapeControls } from '../../telemetry/access-log.ts';
import type { Paint } from '../output.ts';

const nameOf = ({ workload, namespace }: TapEvent['source']): string =>
  workload === 'unknown' || workload === '' ? 'outside' : `${workload}.${namespace}`;

/** Who an event went to: the workload, else the service or the address. */
export const targetOf = ({ destination, upstreamHost }: TapEvent): string =>
  nameOf(destination) === 'outside' ? destination.service || upstreamHost || '-' : nameOf(destination);

const statusText = ({ status, grpcStatus, protocol }: TapEvent): string => {
  if (grpcStatus !== undefined) return `${status}/grpc-${grpcStatus}`;
  return protocol === 'TCP' ? 'TCP' : status === 0 ? '-' : String(status);
};

const brushFor = ({ status, flags, deniedBy }: TapEvent, paint: Paint): ((text: string) => string) => {
  if (status >= 500 || (status === 0 && flags !== '-')) return paint.red;
  return status >= 400 || deniedBy !== undefined ? paint.yellow : paint.green;
};

/** An event as one line, e.g. `12:03:01.123 out web.shop → api.shop GET api.shop/x 200 12 ms mTLS`. */
export const tapLine = (event: TapEvent, paint: Paint): string => {
  const { time, side, method, authority, path, flags, durationMs, isMutualTls, deniedBy, source } = event;
  const parts = [
    paint.dim(time.slice(11, 23)),
    side === 'source' ? 'out' : 'in ',
    `${nameOf(source)} → ${targetOf(event)}`,
    // What clients send must not speak to the terminal.
    ...(method === '' ? [] : [escapeControls(`${method} ${authority}${path}`)]),
    brushFor(event, paint)(statusText(event)),
    ...(flags === '-' || flags === '' ? [] : [flags]),
    `${Math.round(durationMs)} ms`,
    ...(isMutualTls ? ['mTLS'] : []),
    ...(deniedBy === undefined ? [] : [`denied by ${deniedBy}`]),
  ];
  return parts.join('  ');
};

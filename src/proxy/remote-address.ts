import { believedAddress } from '../traffic/forwarded.ts';
import type { Forwarded } from './forwarded-headers.ts';
import type { RequestView } from './http1/request-view.ts';
import type { Place } from './place.ts';

/** Where a request came from, as far as its proxy believes what it says; see `believedAddress`. */
export const remoteAddressOf = (
  { direction, remoteAddress }: Place,
  request: RequestView,
  { forwardedFor }: Forwarded,
  trustedProxies: number,
): string => {
  const isGateway = direction === 'gateway';
  const given = isGateway ? forwardedFor : request.headerValues('x-forwarded-for').join(',');
  return believedAddress(isGateway, trustedProxies, given, remoteAddress);
};

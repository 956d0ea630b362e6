import { parseDuration } from '../../../base/duration.ts';
import type { HTTPRouteRule } from '../../../model/schema/generated/types-gateway-api.ts';
import type { VirtualServiceHttp } from '../../../model/schema/generated/types-istio.ts';
import { copyPosition } from '../../../yaml/located.ts';

/** What Istio retries besides the status codes that a route names: requests that never reached a backend. */
const RETRIED = ['connect-failure', 'refused-stream', 'unavailable', 'cancelled'];

/** `0s` means none here, where a VirtualService refuses it. */
const limitOf = (duration: string | undefined): string | undefined =>
  duration === undefined || parseDuration(duration) === 0 ? undefined : duration;

/** The retries of a rule; `backendRequest` limits one try then. */
export const retriesOf = ({ retry, timeouts }: HTTPRouteRule): Pick<VirtualServiceHttp, 'retries'> => {
  if (retry === undefined) return {};
  const { attempts = 2, codes = [], backoff } = retry;
  const perTryTimeout = limitOf(timeouts?.backendRequest);
  if (attempts === 0) return { retries: { attempts } };
  const retries = {
    attempts,
    retryOn: [...RETRIED, ...codes].join(','),
    ...(backoff === undefined ? {} : { backoff }),
    ...(perTryTimeout === undefined ? {} : { perTryTimeout }),
  };
  copyPosition(retry, retries);
  return { retries };
};

/** The time limit of a rule: without retries that of its one try counts, where there is one. */
export const timeoutOf = ({ retry, timeouts }: HTTPRouteRule): Pick<VirtualServiceHttp, 'timeout'> => {
  const perTry = retry === undefined ? limitOf(timeouts?.backendRequest) : undefined;
  const timeout = perTry ?? limitOf(timeouts?.request);
  return timeout === undefined ? {} : { timeout };
};

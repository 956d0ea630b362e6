interface ResponseFlag {
  /** Envoy's long name, as %RESPONSE_FLAGS_LONG% prints it. */
  readonly long: string;
  /** What happened, as a sentence for a person, without final period. */
  readonly meaning: string;
}

// The short and long names are Envoy's (its access log reference); the meanings say what they tell about a mesh.
const flags: ReadonlyMap<string, ResponseFlag> = new Map(
  [
    ['UH', ['NoHealthyUpstream', 'the cluster has no endpoint that could take the request']],
    ['UF', ['UpstreamConnectionFailure', 'no connection to the chosen endpoint could be made']],
    ['UO', ['UpstreamOverflow', 'a connection pool limit of the DestinationRule was reached (circuit breaking)']],
    ['NR', ['NoRouteFound', 'no route, or no filter chain, matches the request']],
    ['URX', ['UpstreamRetryLimitExceeded', 'every retry was used up, or too many TCP connection attempts failed']],
    ['NC', ['NoClusterFound', 'the route names a host, port or subset that does not exist']],
    ['DT', ['DurationTimeout', 'the request or connection lasted longer than its allowed duration']],
    ['DC', ['DownstreamConnectionTermination', 'the caller closed the connection before it had the whole answer']],
    ['LH', ['FailedLocalHealthCheck', 'the health check of this workload failed']],
    ['UT', ['UpstreamRequestTimeout', 'the route timeout passed before the answer was complete']],
    ['LR', ['LocalReset', 'this proxy reset the connection']],
    ['UR', ['UpstreamRemoteReset', 'the workload behind reset the request after it had been sent']],
    ['UC', ['UpstreamConnectionTermination', 'the workload behind closed the connection before it answered']],
    ['DI', ['DelayInjected', 'a fault rule delayed the request']],
    ['FI', ['FaultInjected', 'a fault rule answered in place of the workload']],
    ['RL', ['RateLimited', 'a rate limit refused the request']],
    ['UAEX', ['UnauthorizedExternalService', 'the external authorizer refused the request']],
    ['RLSE', ['RateLimitServiceError', 'the rate limit service itself failed']],
    ['SI', ['StreamIdleTimeout', 'nothing was sent in either direction for too long']],
    ['IH', ['InvalidEnvoyRequestHeaders', 'an x-envoy header of the request has a value that is refused']],
    ['DPE', ['DownstreamProtocolError', 'the request breaks the rules of HTTP or exceeds a limit on headers']],
    ['UPE', ['UpstreamProtocolError', 'the answer of the workload behind breaks the rules of HTTP']],
    ['UMSDR', ['UpstreamMaxStreamDurationReached', 'the upstream stream lasted longer than its allowed duration']],
    ['OM', ['OverloadManagerTerminated', 'the proxy shed load']],
    ['DF', ['DnsResolutionFailed', 'the name of the destination could not be resolved']],
    ['DO', ['DropOverload', 'the control plane told the proxy to drop a share of the traffic']],
    ['DR', ['DownstreamRemoteReset', 'the caller reset the request']],
    ['UDO', ['UnconditionalDropOverload', 'the control plane told the proxy to drop all traffic']],
  ].map(([short = '', [long = '', meaning = ''] = []]) => [short as string, { long, meaning }]),
);

const split = (text: string): readonly string[] => (text === '' || text === '-' ? [] : text.split(','));

/**
 * What response flags mean, one sentence each in the order given: `DI,FI` answers two. `-` answers none; a flag Envoy
 * does not have is answered as itself.
 */
export const explainFlags = (text: string): readonly string[] =>
  split(text).map((flag) => flags.get(flag)?.meaning ?? flag);

/** Response flags by their long names, joined by commas; `-` stays. */
export const longFlags = (text: string): string =>
  split(text)
    .map((flag) => flags.get(flag)?.long ?? flag)
    .join(',') || '-';

// In the order of their bits in Envoy's StreamInfo; `_` are bits of flags that no proxy of a mesh sets.
const bitOrder =
  'LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR _ _ DT UPE NC OM DF DO DR UDO'.split(' ');

/** Response flags as the bits of Envoy's `response.flags`. */
export const flagBits = (text: string): bigint =>
  split(text).reduce((bits, flag) => {
    const bit = bitOrder.indexOf(flag);
    return bit < 0 ? bits : bits | (1n << BigInt(bit));
  }, 0n);

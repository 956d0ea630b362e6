/**
 * The catalogue: every code with its level, its name and its words. Codes, levels and names of `IST` are Istio's
 * (pkg/config/analysis/msg, Istio 1.31); the words are heddle's. A placeholder in braces is an argument, typed from the
 * text, so that a check can't forget one.
 */
export type Level = 'error' | 'warning' | 'info';

export interface MessageType<Text extends string = string> {
  readonly level: Level;
  /** UpperCamelCase, as Istio's documentation names the message. */
  readonly name: string;
  readonly text: Text;
}

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

const error = <const Text extends string>(name: string, text: Text): MessageType<Text> => ({
  level: 'error',
  name,
  text,
});
const warning = <const Text extends string>(name: string, text: Text): MessageType<Text> => ({
  level: 'warning',
  name,
  text,
});
const info = <const Text extends string>(name: string, text: Text): MessageType<Text> => ({
  level: 'info',
  name,
  text,
});

export const MESSAGES = {
  IST0002: warning('Deprecated', '{what} is deprecated: {advice}'),
  IST0101: error('ReferencedResourceNotFound', 'referenced {kind} not found: "{name}"'),
  IST0102: info('NamespaceNotInjected', 'namespace {namespace} does not say whether its pods get a sidecar'),
  IST0103: warning('PodMissingProxy', '{workload} has no sidecar although its namespace asks for one'),
  IST0106: error('SchemaValidationError', 'not valid: {problem}'),
  IST0107: warning('MisplacedAnnotation', 'annotation {annotation} has no effect here, it belongs on {wanted}'),
  IST0108: warning('UnknownAnnotation', 'Istio knows no annotation {annotation}'),
  IST0109: error(
    'ConflictingMeshGatewayVirtualServiceHosts',
    'VirtualServices {virtualServices} all define host {host} for the mesh: only the oldest counts',
  ),
  IST0110: error(
    'ConflictingSidecarWorkloadSelectors',
    'Sidecars {sidecars} of namespace {namespace} select the same {workload}',
  ),
  IST0111: error(
    'MultipleSidecarsWithoutWorkloadSelectors',
    'Sidecars {sidecars} of namespace {namespace} all lack a workloadSelector: only one default may exist',
  ),
  IST0112: error(
    'VirtualServiceDestinationPortSelectorRequired',
    'destination {host} needs a port: the service has several ({ports})',
  ),
  IST0116: warning(
    'DeploymentAssociatedToMultipleServices',
    'port {port} of {deployment} is served with different protocols by Services {services}',
  ),
  IST0118: info(
    'PortNameIsNotUnderNamingConvention',
    'port name {name} (port {port}, target {target}) tells no protocol',
  ),
  IST0123: warning(
    'NamespaceMultipleInjectionLabels',
    'namespace {namespace} has labels that contradict each other: {labels}',
  ),
  IST0125: warning('InvalidAnnotation', 'annotation {annotation} has no valid value: {problem}'),
  IST0126: error(
    'UnknownMeshNetworksServiceRegistry',
    'network {network} names service registry {registry}, which is not known',
  ),
  IST0127: warning('NoMatchingWorkloadsFound', 'the policy selects nothing: no workload of the mesh {selection}'),
  IST0128: warning(
    'NoServerCertificateVerificationDestinationLevel',
    'TLS mode {mode} towards {host} has no caCertificates: the server certificate is not verified',
  ),
  IST0129: warning(
    'NoServerCertificateVerificationPortLevel',
    'TLS mode {mode} towards {host} port {port} has no caCertificates: the server certificate is not verified',
  ),
  IST0130: warning('VirtualServiceUnreachableRule', 'rule {rule} is never reached: {reason}'),
  IST0131: info(
    'VirtualServiceIneffectiveMatch',
    'match {match} of rule {rule} adds nothing: rule {earlier} already has it',
  ),
  IST0132: warning('VirtualServiceHostNotFoundInGateway', 'none of the hosts {hosts} is served by gateway {gateway}'),
  IST0133: warning('SchemaWarning', '{problem}'),
  IST0134: warning(
    'ServiceEntryAddressesRequired',
    'a TCP port needs addresses: without them every connection to the port is captured',
  ),
  IST0135: info('DeprecatedAnnotation', 'annotation {annotation} is deprecated: {advice}'),
  IST0136: info('AlphaAnnotation', 'annotation {annotation} is alpha and may change or vanish'),
  IST0137: warning(
    'DeploymentConflictingPorts',
    '{deployment} is reached at target port {targetPort} through different ports ({ports}) of Services {services}',
  ),
  IST0138: warning(
    'GatewayDuplicateCertificate',
    'Gateways {gateways} serve the same certificate: browsers may reuse connections across them and get 404',
  ),
  IST0139: error('InvalidWebhook', '{problem}'),
  IST0140: warning(
    'IngressRouteRulesNotAffected',
    'traffic of the gateways goes to {host} past the rules of VirtualService {virtualService}, which choose subset {subset}',
  ),
  IST0144: warning(
    'InvalidApplicationUID',
    'containers run as user 1337, the user of the proxy: their traffic bypasses the sidecar',
  ),
  IST0145: error(
    'ConflictingGateways',
    'Gateways {gateways} (selector {selector}) share port {port} for hosts {hosts}',
  ),
  IST0146: warning('ImageAutoWithoutInjectionWarning', '{workload} has image auto and may not be injected: {reason}'),
  IST0147: error('ImageAutoWithoutInjectionError', '{workload} has image auto and will not be injected'),
  IST0148: info(
    'NamespaceInjectionEnabledByDefault',
    'namespace {namespace} has no injection label and is injected by default',
  ),
  IST0149: error(
    'JwtClaimBasedRoutingWithoutRequestAuthN',
    'a route matches JWT claim {claim}, but no RequestAuthentication applies to {workload} of gateway {gateway}',
  ),
  IST0150: warning(
    'ExternalNameServiceTypeInvalidPortName',
    'port {port} of an ExternalName service has a name, {name}, that lets the proxy take other traffic for its own',
  ),
  IST0151: warning(
    'EnvoyFilterUsesRelativeOperation',
    'patch {patch} uses a relative operation without priority: its place depends on the other filters',
  ),
  IST0152: error(
    'EnvoyFilterUsesReplaceOperationIncorrectly',
    'patch {patch}: REPLACE works on HTTP_FILTER and NETWORK_FILTER alone',
  ),
  IST0153: error(
    'EnvoyFilterUsesAddOperationIncorrectly',
    'patch {patch}: ADD is ignored where applyTo is ROUTE_CONFIGURATION or HTTP_ROUTE',
  ),
  IST0154: error(
    'EnvoyFilterUsesRemoveOperationIncorrectly',
    'patch {patch}: REMOVE is ignored where applyTo is ROUTE_CONFIGURATION or HTTP_ROUTE',
  ),
  IST0155: warning(
    'EnvoyFilterUsesRelativeOperationWithProxyVersion',
    'patch {patch} uses a relative operation with a proxyVersion and no priority',
  ),
  IST0157: warning(
    'InvalidTelemetryProvider',
    'access logging names no provider and the mesh configuration has no default: it is ignored',
  ),
  IST0158: warning(
    'PodsIstioProxyImageMismatchInNamespace',
    'namespace {namespace} has pods whose proxy image is not the injected one: {pods}',
  ),
  IST0159: error(
    'ConflictingTelemetryWorkloadSelectors',
    'Telemetries {telemetries} of namespace {namespace} select the same {workload}',
  ),
  IST0160: error(
    'MultipleTelemetriesWithoutWorkloadSelectors',
    'Telemetries {telemetries} of namespace {namespace} all lack a selector: only one default may exist',
  ),
  IST0161: error(
    'InvalidGatewayCredential',
    'credential {secret} of Gateway {gateway} holds no valid certificate: {problem}',
  ),
  IST0162: warning(
    'GatewayPortNotDefinedOnService',
    'port {port} is on no Service of the gateway pods selected by {selector}',
  ),
  IST0163: warning(
    'InvalidExternalControlPlaneConfig',
    'webhook {webhook} has no usable address of an external control plane: {problem}',
  ),
  IST0164: info(
    'ExternalControlPlaneAddressIsNotAHostname',
    'webhook {webhook} names its control plane by address {address}, not by host name',
  ),
  IST0165: warning('ReferencedInternalGateway', 'gateway {gateway} is internal to Istio and must not be referenced'),
  IST0166: warning(
    'IneffectiveSelector',
    'a selector has no effect on the pods of Kubernetes Gateway {gateway}: use targetRefs',
  ),
  IST0167: warning('IneffectivePolicy', 'the policy has no effect: {reason}'),
  IST0170: warning(
    'MultiClusterInconsistentService',
    'service {service} differs between clusters {clusters}: {problem}',
  ),
  IST0171: warning('NegativeConditionStatus', 'condition {condition} is {status}: {reason}'),
  IST0173: error('DestinationRuleSubsetNotSelectPods', 'subset {subset} selects no pod of {host}'),
  IST0174: warning('UnknownDestinationRuleHost', 'no Service or ServiceEntry has host {host}'),
  IST0175: warning(
    'JwksUriFetchUnrestricted',
    'istiod fetches the key sets of {policies} from any address: BLOCKED_CIDRS_IN_JWKS_URIS is not set',
  ),
  IST0176: warning(
    'GatewayAPICRDVersionBelowMinimum',
    '{definition} is of version {version}, Istio needs at least {minimum}',
  ),
  IST0177: warning(
    'ConflictingServiceEntryProtocol',
    'ServiceEntries {entries} give port {port} of {host} different protocols ({protocols})',
  ),
  HED0001: info('UnusedSuppression', '{suppression} suppresses nothing: {reason}'),
  HED0010: warning('RuleNeverReached', 'no request reaches rule {rule}: rule {earlier} takes them all first'),
  HED0011: info(
    'MatchNeverReached',
    'match {match} of rule {rule} never applies: rule {earlier} takes its requests first',
  ),
  HED0012: warning(
    'GatewayRulesConflict',
    'rule {rule} and rule {other} of {virtualService} take the same requests for {host} at gateway {gateway}: those of the younger object never act',
  ),
  HED0013: info(
    'GatewayMergeOrder',
    'rule {rule} acts at gateway {gateway} only while its object is older than {virtualService}, whose rule {other} takes the same requests for {host}',
  ),
  HED0014: warning('TrafficLost', '{share} % of the requests of rule {rule} get 503: {reasons}'),
  HED0015: warning('ShortHostAtGateway', 'host {host} stands for {full} at a gateway, not for itself'),
  HED0016: warning('HostNotAtGateway', 'no server of {gateways} has host {host}, though others of the list are served'),
  HED0017: warning('HostNotCompleted', 'host {host} is not completed to {full}: the rules are not for the Service'),
  HED0018: warning('MatchGatewayNotBound', 'the match asks for gateway {asked}, but the object is for {gateways}'),
  HED0019: warning('MatchPathImpossible', 'no request has path {path} as rule {rule} asks: {why}'),
  HED0020: warning('RedirectLoop', 'rule {rule} redirects requests in a circle: {hops}'),
  HED0021: warning(
    'SubsetDefinedTwice',
    'subset {subset} of {host} differs from that of {other}: only the older counts',
  ),
  HED0022: warning(
    'TrafficPolicyIgnored',
    'trafficPolicy for {host} differs from that of {other}: only the older counts',
  ),
  HED0040: info('FaultNeverFires', 'the {fault} never fires: {reason}'),
  HED0041: info('FaultDelayOutlastsTimeout', 'timeout {timeout} does not cut the injected delay of {delay}'),
  HED0042: info(
    'RetriesWithoutCondition',
    'retries without retryOn try again only what never reached the application, and gRPC UNAVAILABLE and CANCELLED',
  ),
  HED0043: warning(
    'TimedOutTryNotRetried',
    'a try that runs into perTryTimeout {perTryTimeout} is not followed by another: no condition of retryOn is for it',
  ),
  HED0044: info('RetryConditionNeverHolds', 'retryOn {condition} never holds: {reason}'),
  HED0045: info('PerTryTimeoutIgnored', 'perTryTimeout {perTryTimeout} is ignored: timeout {timeout} is not longer'),
  HED0046: info('SettingOfForwardingOnly', '{setting} never acts beside {answer}'),
  HED0050: info('OutlierDetectionCountsNothing', 'outlierDetection counts no error: consecutive5xxErrors is 0'),
  HED0051: info(
    'GatewayErrorLimitNeverReached',
    'consecutiveGatewayErrors {gateway} is never reached: consecutive5xxErrors is {limit}',
  ),
  HED0052: info(
    'MaxEjectionPercentEjectsNobody',
    'maxEjectionPercent {percent} of {count} endpoints is less than one of them',
  ),
  HED0053: info('WarmupIgnored', '{setting} is ignored: {algorithm} starts no endpoint slowly'),
  HED0054: info('ConsistentHashOfNothing', 'consistentHash names nothing to hash'),
  HED0056: warning('PortLevelSettingsReplaceAll', 'settings of port {port} replace {fields} of {parent}'),
  HED0057: warning('PlaintextToStrict', 'plaintext to {host} port {port}, where {policy} takes mutual TLS alone'),
  HED0058: warning('MutualTlsWithoutSidecar', 'mutual TLS to {host}, whose pods have no sidecar ({reason})'),
  HED0060: warning('AuthorizationContradiction', '{field} and {other} exclude each other: no request has both'),
  HED0061: warning('AuthorizationValueNeverMatches', '{field} "{value}" matches no request: {reason}'),
  HED0062: warning('DeniedHostWithoutPort', 'host {host} is denied, but not with a port'),
  HED0063: warning(
    'AllowRuleNeverMatchesTcp',
    'the rule allows nothing on TCP port {port} of {workload}: it has HTTP conditions',
  ),
  HED0064: warning(
    'DenyRuleWidenedOnTcp',
    'the rule denies more than it says on TCP port {port} of {workload}: its HTTP conditions do not count there',
  ),
  HED0065: warning('CustomProviderNotFound', 'no external authorizer "{provider}" is defined'),
  HED0066: warning('ServicePortInPolicy', 'port {port} is of Service {service}, whose pods listen on {target}'),
  HED0067: warning('IdentityWithoutMutualTls', '{field} matches no request: {policy} switches mutual TLS off'),
  HED0070: info('TokenNotRequired', 'tokens are verified, but no policy requires one'),
  HED0071: warning('StrictWithoutSidecar', 'STRICT is enforced by no sidecar: {workloads} have none'),
  HED0080: warning('UnknownInjectionValue', '{label} is "{value}", which is neither {words}'),
  HED0081: warning('InjectionAskedInVain', '{workload} asks for a sidecar and gets none: {reason}'),
  HED0082: warning('WorkloadOutsideItsNamespace', '{workload} names no namespace, and is not in {namespace} beside it'),
} as const;

/** A code of the catalogue: Istio's `IST`, heddle's own `HED`. */
export type Code = keyof typeof MESSAGES;

/** The arguments a code's text wants. */
export type MessageArguments<C extends Code> = Readonly<Record<Placeholders<(typeof MESSAGES)[C]['text']>, string>>;

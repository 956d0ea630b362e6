import type { Check } from './check.ts';
import { annotations } from './checks/annotations/annotations.ts';
import { applicationUid } from './checks/application-uid/application-uid.ts';
import { blockedCidrs } from './checks/authentication/blocked-cidrs.ts';
import { optionalToken } from './checks/authentication/optional-token.ts';
import { strictWithoutSidecar } from './checks/authentication/strict-without-sidecar.ts';
import { contradictions } from './checks/authorization/contradictions.ts';
import { customProvider } from './checks/authorization/custom-provider.ts';
import { deniedHosts } from './checks/authorization/host-port.ts';
import { authorizationIdentities } from './checks/authorization/identities.ts';
import { patterns } from './checks/authorization/patterns.ts';
import { authorizationReferences } from './checks/authorization/references.ts';
import { servicePorts } from './checks/authorization/service-ports.ts';
import { authorizationTcpPorts } from './checks/authorization/tcp-ports.ts';
import { negativeConditions } from './checks/conditions/conditions.ts';
import { multiService } from './checks/deployment/multi-service.ts';
import { deprecation } from './checks/deprecation/deprecation.ts';
import { caCertificates } from './checks/destination-rule/ca-certificates.ts';
import { loadBalancer } from './checks/destination-rule/load-balancer.ts';
import { destinationRuleMutualTls } from './checks/destination-rule/mutual-tls.ts';
import { outlierDetection } from './checks/destination-rule/outlier-detection.ts';
import { portLevel } from './checks/destination-rule/port-level.ts';
import { destinationRuleSubsets } from './checks/destination-rule/subsets.ts';
import { envoyPatchOperations } from './checks/envoy-filter/operations.ts';
import { externalControlPlane } from './checks/external-control-plane/external-control-plane.ts';
import { gatewayCertificates } from './checks/gateway/certificates.ts';
import { gatewayConflicts } from './checks/gateway/conflicts.ts';
import { gatewayPorts } from './checks/gateway/ports.ts';
import { gatewaySecrets } from './checks/gateway/secrets.ts';
import { injectedImages } from './checks/injection/image.ts';
import { imageAuto } from './checks/injection/image-auto.ts';
import { injection } from './checks/injection/injection.ts';
import { injectionLabels } from './checks/injection/labels.ts';
import { strayWorkloads } from './checks/injection/stray-workloads.ts';
import { gatewayApiVersion } from './checks/kubernetes-gateway/crd-version.ts';
import { gatewaySelector } from './checks/kubernetes-gateway/selector.ts';
import { meshNetworkRegistries } from './checks/mesh-networks/registries.ts';
import { multiClusterServices } from './checks/multi-cluster/services.ts';
import { destinationRuleMerge } from './checks/routing/destination-rule-merge.ts';
import { gatewayMerge } from './checks/routing/gateway-merge.ts';
import { hostNames } from './checks/routing/host-names.ts';
import { impossibleMatch } from './checks/routing/impossible-match.ts';
import { lostTraffic } from './checks/routing/lost-traffic.ts';
import { redirectLoop } from './checks/routing/redirect-loop.ts';
import { unreachableRules } from './checks/routing/unreachable.ts';
import * as validation from './checks/schema/validation.ts';
import { portName } from './checks/service/port-name.ts';
import { serviceEntryAddresses } from './checks/service-entry/addresses.ts';
import { serviceEntryProtocols } from './checks/service-entry/protocols.ts';
import { sidecarSelectors } from './checks/sidecar/selectors.ts';
import { telemetryDefault } from './checks/telemetry/default-selector.ts';
import { lightstep } from './checks/telemetry/lightstep.ts';
import { telemetryProvider } from './checks/telemetry/provider.ts';
import { telemetrySelector } from './checks/telemetry/selector.ts';
import { conflictingHosts } from './checks/virtual-service/conflicting-hosts.ts';
import { destinationHosts } from './checks/virtual-service/destination-hosts.ts';
import { destinationSubsets } from './checks/virtual-service/destination-subsets.ts';
import { faults } from './checks/virtual-service/faults.ts';
import { virtualServiceGateways } from './checks/virtual-service/gateways.ts';
import { jwtClaimRoutes } from './checks/virtual-service/jwt-claim-routes.ts';
import { retries } from './checks/virtual-service/retries.ts';
import { unforwarded } from './checks/virtual-service/unforwarded.ts';
import { webhooks } from './checks/webhook/webhook.ts';

/** Every check, sorted by name: what `analyze` runs and `analyze --list` shows. One more check is one more line. */
export const CHECKS: readonly Check[] = [
  annotations,
  applicationUid,
  authorizationReferences,
  blockedCidrs,
  negativeConditions,
  multiService,
  deprecation,
  caCertificates,
  destinationRuleSubsets,
  envoyPatchOperations,
  externalControlPlane,
  gatewayCertificates,
  gatewayConflicts,
  gatewayPorts,
  gatewaySecrets,
  contradictions,
  authorizationIdentities,
  patterns,
  authorizationTcpPorts,
  customProvider,
  deniedHosts,
  destinationRuleMerge,
  destinationRuleMutualTls,
  faults,
  gatewayMerge,
  hostNames,
  impossibleMatch,
  injectionLabels,
  loadBalancer,
  lostTraffic,
  optionalToken,
  outlierDetection,
  portLevel,
  redirectLoop,
  retries,
  servicePorts,
  strayWorkloads,
  strictWithoutSidecar,
  unforwarded,
  unreachableRules,
  injection,
  injectedImages,
  imageAuto,
  gatewayApiVersion,
  gatewaySelector,
  meshNetworkRegistries,
  // One for each kind; their names sort as the exports do.
  ...Object.values(validation),
  portName,
  serviceEntryAddresses,
  serviceEntryProtocols,
  multiClusterServices,
  sidecarSelectors,
  telemetryDefault,
  lightstep,
  telemetryProvider,
  telemetrySelector,
  conflictingHosts,
  destinationHosts,
  destinationSubsets,
  virtualServiceGateways,
  jwtClaimRoutes,
  webhooks,
];

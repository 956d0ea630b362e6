import type { HealthCheck } from './check.ts';
import { authorityCertificates } from './checks/authority-certificates.ts';
import { definitions } from './checks/definitions.ts';
import { gatewayApi } from './checks/gateway-api.ts';
import { gatewaysReady } from './checks/gateways-ready.ts';
import { istiodReady } from './checks/istiod-ready.ts';
import { kubernetesVersion } from './checks/kubernetes-version.ts';
import { namespacesInjected } from './checks/namespaces-injected.ts';
import { nodeAgentsReady } from './checks/node-agents-ready.ts';
import { permissions } from './checks/permissions.ts';
import { podsInjected } from './checks/pods-injected.ts';
import { proxiesControlPlane } from './checks/proxies-control-plane.ts';
import { proxiesSynced } from './checks/proxies-synced.ts';
import { proxiesVersions } from './checks/proxies-versions.ts';
import { rootsDistributed } from './checks/roots-distributed.ts';
import { webhookCertificates } from './checks/webhook-certificates.ts';
import { webhookOverlaps } from './checks/webhook-overlaps.ts';
import { webhookPerRevision } from './checks/webhook-per-revision.ts';
import { webhookServices } from './checks/webhook-services.ts';

/** What must hold before Istio is installed or upgraded. */
export const PRE_CHECKS: readonly HealthCheck[] = [kubernetesVersion, permissions, gatewayApi];

/** What must hold for a mesh to work; one more check is one more file and one more name here. */
export const HEALTH_CHECKS: readonly HealthCheck[] = [
  kubernetesVersion,
  definitions,
  gatewayApi,
  istiodReady,
  webhookPerRevision,
  webhookServices,
  webhookCertificates,
  webhookOverlaps,
  namespacesInjected,
  podsInjected,
  authorityCertificates,
  rootsDistributed,
  gatewaysReady,
  nodeAgentsReady,
  proxiesControlPlane,
  proxiesVersions,
  proxiesSynced,
];

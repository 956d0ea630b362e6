import type { HealthCheck } from '../check.ts';

/** Since 1.22 proxies send no spans to Zipkin unless they are told to: of interest to who has one. */
export const defaultTracing: HealthCheck = {
  id: 'default-tracing',
  category: 'upgrade',
  title: 'tracing does not rest on the default of Istio 1.21',
  why: 'spans are sent nowhere after the upgrade',
  docs: 'https://istio.io/latest/docs/tasks/observability/distributed-tracing/telemetry-api/',
  needs: ['services'],
  run: ({ services }) =>
    services
      .filter(({ name }) => name === 'zipkin')
      .map(({ namespace, name }) => ({
        severity: 'warning',
        code: 'IST0169',
        origin: `Service ${namespace}/${name}`,
        message: `The configuration "meshConfig.defaultConfig.tracer" changed in release 1.22: proxies do not send spans to ${name}.${namespace} by default any more`,
        hint: 'turn tracing on with a Telemetry, or keep the old default with --set compatibilityVersion=1.21',
      })),
};

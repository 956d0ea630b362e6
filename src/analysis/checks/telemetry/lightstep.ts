import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';

/** Istio's `telemetry.LightstepAnalyzer`; one finding a Telemetry and provider. */
export const lightstep = defineCheck({
  name: 'telemetry.LightstepAnalyzer',
  summary: 'Telemetries that trace to a Lightstep provider.',
  emits: ['IST0002'],
  *run({ mesh }) {
    const deprecated = new Set(
      mesh.config.extensionProviders.flatMap(({ name, lightstep: own }) =>
        own === undefined || name === undefined ? [] : [name],
      ),
    );
    if (deprecated.size === 0) return;
    for (const resource of mesh.of('Telemetry')) {
      const used = (resource.object.spec?.tracing ?? [])
        .flatMap(({ providers }) => providers ?? [])
        .filter(({ name }) => deprecated.has(name));
      for (const name of new Set(used.map((provider) => provider.name))) {
        const values = { what: `Lightstep provider ${name}`, advice: 'trace to an OpenTelemetry provider' };
        yield finding('IST0002', resource, values, {
          labels: used.flatMap((provider) => {
            const span = provider.name === name ? spanOf(provider, 'name') : undefined;
            return span === undefined ? [] : [{ span, text: 'a Lightstep provider' }];
          }),
        });
      }
    }
  },
});

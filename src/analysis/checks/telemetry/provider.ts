import { insertEntry } from '../../../yaml/edit.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding } from '../../check.ts';
import { offerFix } from '../../offer-fix.ts';

/** Istio's `telemetry.ProviderAnalyzer`; one finding a Telemetry. */
export const telemetryProvider = defineCheck({
  name: 'telemetry.ProviderAnalyzer',
  summary: 'Telemetries whose access logging names no provider where the mesh has no default one.',
  emits: ['IST0157'],
  *run({ mesh }) {
    if ((mesh.config.defaultProviders.accessLogging ?? []).length > 0) return;
    for (const resource of mesh.of('Telemetry')) {
      const logging = resource.object.spec?.accessLogging ?? [];
      const without = logging.filter(({ disabled, providers = [] }) => disabled !== true && providers.length === 0);
      if (without.length === 0) continue;
      const [known] = mesh.config.extensionProviders
        .flatMap(({ name }) => name ?? [])
        .filter((name) => name === 'envoy');
      yield finding(
        'IST0157',
        resource,
        {},
        {
          labels: without.map((entry) => ({ span: spanOf(entry) ?? resource.span, text: 'no provider' })),
          effect: 'nothing is logged because of it',
          ...(known !== undefined &&
            offerFix(
              `log with provider ${known}`,
              'unsafe',
              without.map((entry) => insertEntry(entry, 'providers', [{ name: known }])),
            )),
          hint: `name a provider${known === undefined ? '' : `, such as ${known}`}, or set defaultProviders.accessLogging in the mesh configuration`,
        },
      );
    }
  },
});

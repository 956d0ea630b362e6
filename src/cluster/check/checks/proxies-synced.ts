import type { HealthCheck, Trouble } from '../check.ts';

const SHOWN = 3;

export const proxiesSynced: HealthCheck = {
  id: 'proxies-synced',
  category: 'data plane',
  title: 'proxies have taken the newest configuration',
  why: 'they go by older configuration, as they do when they refuse the new one',
  docs: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['lags'],
  run: ({ lags }): readonly Trouble[] => {
    const refusing = lags.filter(({ refused }) => refused.length > 0);
    const behind = lags.filter((lag) => lag.behind.length > 0);
    const names = behind.slice(0, SHOWN).map(({ name, behind: types }) => `${name} (${types.join(', ')})`);
    const count = behind.length === 1 ? '1 proxy has' : `${behind.length} proxies have`;
    return [
      ...refusing.map(
        ({ name, refused }): Trouble => ({
          severity: 'error',
          origin: `Pod ${name}`,
          message: `${name} refuses what istiod sent: ${refused.join('; ')}`,
          hint: 'heddle analyze --use-kube finds most of what proxies refuse; EnvoyFilters are the first to suspect',
        }),
      ),
      ...(behind.length === 0
        ? []
        : [
            {
              severity: 'warning',
              message: `${count} not taken what istiod sent: ${names.join(', ')}${behind.length > SHOWN ? ', ...' : ''}`,
              hint: 'heddle proxy-status shows them; a proxy may only be slow, so look again',
            } as const,
          ]),
    ];
  },
};

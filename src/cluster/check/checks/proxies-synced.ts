import type { HealthCheck, Trouble } from '../check.ts';

const SHOWN = 3;

export const proxiesSynced: HealthCheck = {
  id: 'proxies-synced',
  category: 'data plane',
  title: 'proxies have taken the newest configuration',
  why: 'they go by older configuration, as they do when they refuse the new one',
  docs: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['syncs'],
  run: ({ syncs }): readonly Trouble[] => {
    const behind = syncs.filter((sync) => sync.behind.length > 0);
    if (behind.length === 0) return [];
    const names = behind.slice(0, SHOWN).map(({ id, behind: kinds }) => `${id} (${kinds.join(', ')})`);
    const count = behind.length === 1 ? '1 proxy has' : `${behind.length} proxies have`;
    return [
      {
        severity: 'warning',
        message: `${count} not taken what istiod sent: ${names.join(', ')}${behind.length > SHOWN ? ', ...' : ''}`,
        hint: 'heddle proxy-status shows them; a proxy may only be slow, so look again',
      },
    ];
  },
};

import { Fault } from '../../../base/fault.ts';
import { defineCommand, flag, text } from '../../command.ts';
import { LOG_LEVELS, readLevels } from '../../proxy-config/log-levels.ts';
import { PROXY_EXIT_CODES, PROXY_OPTIONS } from '../../proxy-config/options.ts';
import { noClusterAccess } from '../../proxy-config/proxy-admin.ts';

export const proxyConfigLog = defineCommand({
  summary: 'Shows and sets the log levels of a proxy; of running proxies only.',
  examples: [['heddle proxy-config log web-1.shop --level http:debug', 'needs access to a cluster']],
  arguments: [{ name: 'POD', summary: 'a proxy of a cluster: [TYPE/]NAME[.NAMESPACE]', required: true }],
  options: {
    namespace: PROXY_OPTIONS.namespace,
    level: text('--level <levels>', `[LOGGER:]LEVEL,...: ${LOG_LEVELS.join(', ')}`),
    reset: flag('-r, --reset', 'back to warning'),
  },
  formats: ['text'],
  exitCodes: PROXY_EXIT_CODES,
  notes: ['heddle cannot reach the pods of a cluster yet: this checks its arguments, and then says so.'],
  run: async (_context, [pod = ''], { namespace, level, reset }) => {
    if (level !== undefined && reset)
      throw new Fault('--level and --reset exclude each other', { kind: 'usage', code: 'BAD_FLAG_VALUE' });
    readLevels(level ?? '');
    throw noClusterAccess(pod, namespace);
  },
});

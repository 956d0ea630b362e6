import { untyped } from '../../../envoy/config-dump.ts';
import { listenerTable } from '../../../envoy/listeners.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import {
  FORMATS,
  LISTENER_TYPE,
  POD_ARGUMENT,
  PORT,
  PROXY_EXIT_CODES,
  PROXY_OPTIONS,
  VERBOSE,
} from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';
import { selectListeners } from '../../proxy-config/sections.ts';

const QUERY = 'mask=dynamic_listeners,static_listeners';

export const proxyConfigListener = defineCommand({
  summary: 'Shows the listeners of a proxy: what it accepts, and where that goes.',
  examples: [
    ['heddle proxy-config listener web-1.shop', 'of a pod'],
    ['heddle proxy-config listener -f dump.json', 'every filter chain of a saved config dump'],
    ['heddle proxy-config listener -f dump.json --verbose=false', 'a line a listener'],
    ['heddle proxy-config listener -f dump.json --type HTTP -o json', 'as Envoy has them'],
  ],
  arguments: [POD_ARGUMENT],
  options: {
    ...PROXY_OPTIONS,
    address: text('--address <address>', 'only listeners on this address'),
    port: PORT,
    type: LISTENER_TYPE,
    verbose: VERBOSE,
  },
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config route'],
  run: async (context, [pod], { address = '', port = 0, type = '', verbose, ...target }) => {
    const proxy = openProxy({ pod, ...target }, context);
    const listeners = selectListeners(proxy, await readDump(proxy, QUERY), { address, port, type });
    if (context.format === 'short') context.out.write(layOut(listenerTable(listeners, { named: false, verbose })));
    else await printEnvoyDocument(context, listeners.map(untyped));
    return EXIT.ok;
  },
});

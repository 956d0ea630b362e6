import { untyped } from '../../../envoy/config-dump.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { FORMATS, POD_ARGUMENT, PROXY_EXIT_CODES, PROXY_OPTIONS } from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump, requireSection } from '../../proxy-config/read-dump.ts';
import { secretText } from '../../proxy-config/sections.ts';

const QUERY = 'mask=dynamic_active_secrets,dynamic_warming_secrets';

export const proxyConfigSecret = defineCommand({
  summary: 'Shows the certificates of a proxy and how long they are valid; never a private key.',
  examples: [
    ['heddle proxy-config secret web-1.shop', 'of a pod'],
    ['heddle proxy-config secret -f dump.json', 'of a saved config dump'],
    ['heddle proxy-config secret -f dump.json -o json', 'as Envoy has them, without private keys'],
  ],
  arguments: [POD_ARGUMENT],
  options: PROXY_OPTIONS,
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config rootca-compare'],
  run: async (context, [pod], target) => {
    const proxy = openProxy({ pod, ...target }, context);
    const dump = await readDump(proxy, QUERY);
    if (context.format === 'short') context.out.write(secretText(proxy, dump, false));
    else await printEnvoyDocument(context, untyped(requireSection(proxy, dump, 'SecretsConfigDump')));
    return EXIT.ok;
  },
});

import { untyped } from '../../../envoy/config-dump.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { POD_ARGUMENT, PROXY_EXIT_CODES, PROXY_OPTIONS } from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump, requireSection } from '../../proxy-config/read-dump.ts';
import { versionText } from '../../proxy-config/sections.ts';

export const proxyConfigBootstrap = defineCommand({
  summary: 'Shows what a proxy was started with, or its versions.',
  examples: [
    ['heddle proxy-config bootstrap web-1.shop', 'of a pod'],
    ['heddle proxy-config bootstrap -f dump.json', 'the whole bootstrap of a saved config dump'],
    ['heddle proxy-config bootstrap -f dump.json -o short', 'the versions of Istio and Envoy'],
  ],
  arguments: [POD_ARGUMENT],
  options: PROXY_OPTIONS,
  formats: ['json', 'yaml', 'short'],
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config all'],
  run: async (context, [pod], target) => {
    const proxy = openProxy({ pod, ...target }, context);
    const dump = await readDump(proxy, 'mask=bootstrap');
    if (context.format === 'short') context.out.write(versionText(proxy, dump));
    else await printEnvoyDocument(context, untyped(requireSection(proxy, dump, 'BootstrapConfigDump')));
    return EXIT.ok;
  },
});

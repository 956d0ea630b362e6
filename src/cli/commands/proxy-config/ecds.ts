import { sectionsOf } from '../../../envoy/config-dump.ts';
import { extensionTable, mergeExtensions } from '../../../envoy/extensions.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { FORMATS, POD_ARGUMENT, PROXY_EXIT_CODES, PROXY_OPTIONS } from '../../proxy-config/options.ts';
import { printEnvoyDocument } from '../../proxy-config/print.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump, requireSection } from '../../proxy-config/read-dump.ts';

export const proxyConfigEcds = defineCommand({
  summary: 'Shows the extensions, such as Wasm filters, that istiod gave a proxy apart from its listeners.',
  examples: [
    ['heddle proxy-config ecds web-1.shop', 'of a pod'],
    ['heddle proxy-config ecds -f dump.json', 'of a saved config dump'],
  ],
  arguments: [POD_ARGUMENT],
  options: PROXY_OPTIONS,
  formats: FORMATS,
  exitCodes: PROXY_EXIT_CODES,
  seeAlso: ['heddle proxy-config listener'],
  run: async (context, [pod], target) => {
    const proxy = openProxy({ pod, ...target }, context);
    const dump = await readDump(proxy, 'include_eds=true');
    requireSection(proxy, dump, 'EcdsConfigDump');
    const merged = mergeExtensions(sectionsOf(dump, 'EcdsConfigDump'));
    if (context.format === 'short') context.out.write(layOut(extensionTable(merged)));
    else await printEnvoyDocument(context, merged);
    return EXIT.ok;
  },
});

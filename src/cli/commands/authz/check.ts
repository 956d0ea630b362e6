import { enforcedPolicies } from '../../../envoy/authorization.ts';
import { layOut } from '../../../envoy/table.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';
import { POD_ARGUMENT, PROXY_EXIT_CODES, PROXY_OPTIONS } from '../../proxy-config/options.ts';
import { openProxy } from '../../proxy-config/proxy-admin.ts';
import { readDump } from '../../proxy-config/read-dump.ts';
import { selectListeners } from '../../proxy-config/sections.ts';

const HEADERS = ['ACTION', 'AuthorizationPolicy', 'RULES'];
const GAP = 3;

export const authzCheck = defineCommand({
  summary: 'Shows the AuthorizationPolicies that a proxy enforces, from its own configuration.',
  examples: [
    ['heddle authz check web-1.shop', 'of a pod'],
    ['heddle authz check deploy/web -n shop', 'of the first pod of a Deployment'],
    ['heddle authz check -f dump.json', 'from a saved config dump'],
  ],
  arguments: [POD_ARGUMENT],
  options: PROXY_OPTIONS,
  formats: ['text', 'json', 'yaml'],
  exitCodes: PROXY_EXIT_CODES,
  notes: [
    'DENY is decided before ALLOW. A policy that is in the cluster and not here did not reach the proxy, or does not select it.',
    '_anonymous_match_nothing_ is a filter without a rule: with ALLOW it refuses everything on some port, as where a policy names HTTP fields and the port is TCP.',
    'Policies in dry run are marked; their decision is counted and nothing else.',
  ],
  seeAlso: ['heddle describe pod', 'heddle explain --denied'],
  run: async (context, [pod], options) => {
    const proxy = openProxy({ pod, ...options }, context);
    const dump = await readDump(proxy, 'mask=dynamic_listeners,static_listeners');
    const policies = enforcedPolicies(selectListeners(proxy, dump, { address: '', port: 0, type: '' }));
    const items = policies.map(({ isDryRun, ...policy }) => ({ ...policy, dryRun: isDryRun }));
    await printDocument(context, { kind: 'AuthorizationCheck', items }, () => {
      if (items.length === 0) return 'no AuthorizationPolicy is in force at this proxy: it lets every request pass\n';
      const rows = items.map(({ action, policy, rules, dryRun }) => [
        dryRun ? `${action} (dry run)` : action,
        policy,
        String(rules),
      ]);
      return layOut({ headers: HEADERS, rows, gap: GAP });
    });
    return EXIT.ok;
  },
});

import { describeRoute as describe } from '../../../traffic/explain/describe-route.ts';
import { loadMeshOf } from '../../cluster/load-mesh-of.ts';
import { defineCommand } from '../../command.ts';
import { findRoute } from '../../describe/find.ts';
import { DESCRIBE_EXIT_CODES, DESCRIBE_OPTIONS } from '../../describe/options.ts';
import { routeText } from '../../describe/route-text.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';

export const describeRoute = defineCommand({
  summary:
    'Tells what becomes of a VirtualService or HTTPRoute: who has it, where it leads, and what stands before it.',
  examples: [
    ['heddle describe route web.shop', 'of the cluster'],
    ['heddle describe route web -f k8s/', 'of files, with the line of each rule'],
    ['heddle describe route httproute/web.shop -o json', 'where a VirtualService has the same name'],
  ],
  arguments: [
    {
      name: 'ROUTE',
      summary: '[KIND/]NAME[.NAMESPACE] of a VirtualService, HTTPRoute, GRPCRoute, TCPRoute or TLSRoute',
      required: true,
    },
  ],
  options: DESCRIBE_OPTIONS,
  formats: ['text', 'json', 'yaml'],
  exitCodes: DESCRIBE_EXIT_CODES,
  notes: [
    'What is said follows from the configuration as Istio would compile it for every proxy. Whether proxies have it already: heddle proxy-status.',
    'A rule that another takes everything from is told where their conditions alone show it.',
  ],
  seeAlso: ['heddle describe service', 'heddle explain', 'heddle proxy-config route'],
  run: async (context, [name = ''], { namespace, ...options }) => {
    const { view, problems } = await loadMeshOf(context, options);
    const described = describe(view, findRoute(view, name, namespace), problems);
    await printDocument(context, { kind: 'RouteDescription', ...described }, () => routeText(described));
    return EXIT.ok;
  },
});

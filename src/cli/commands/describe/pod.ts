import { createDescriber } from '../../../traffic/explain/describe.ts';
import { loadMeshOf } from '../../cluster/load-mesh-of.ts';
import { defineCommand, flag } from '../../command.ts';
import { findPlaced } from '../../describe/find.ts';
import { DESCRIBE_EXIT_CODES, DESCRIBE_OPTIONS } from '../../describe/options.ts';
import { podText } from '../../describe/text.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';

export const describePod = defineCommand({
  summary:
    'Tells what decides about the traffic of a pod: services, rules, mutual TLS and policies, each with its place.',
  examples: [
    ['heddle describe pod web-1.shop', 'of the cluster'],
    ['heddle describe pod web -f k8s/', 'of files, with the line of each object'],
    ['heddle describe pod web.shop -f new/ --use-kube', 'of the cluster as it would be with these files'],
  ],
  arguments: [
    { name: 'POD', summary: '[TYPE/]NAME[.NAMESPACE]; the name may be that of its workload', required: true },
  ],
  options: {
    ...DESCRIBE_OPTIONS,
    ignoreUnmeshed: flag('--ignoreUnmeshed', 'do not warn of a pod without a proxy'),
  },
  formats: ['text', 'json', 'yaml'],
  exitCodes: DESCRIBE_EXIT_CODES,
  notes: [
    'What is said follows from the configuration as Istio would compile it. Whether the proxy has it already: heddle proxy-status POD.',
  ],
  seeAlso: ['heddle describe service', 'heddle explain', 'heddle authz check'],
  run: async (context, [name = ''], { namespace, ignoreUnmeshed, ...options }) => {
    const { view } = await loadMeshOf(context, options);
    const described = createDescriber(view).describePod(findPlaced(view, name, namespace));
    await printDocument(context, { kind: 'PodDescription', ...described }, () => podText(described, ignoreUnmeshed));
    return EXIT.ok;
  },
});

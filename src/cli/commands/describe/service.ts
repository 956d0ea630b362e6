import { createDescriber } from '../../../traffic/explain/describe.ts';
import { loadMeshOf } from '../../cluster/load-mesh-of.ts';
import { defineCommand } from '../../command.ts';
import { findService } from '../../describe/find.ts';
import { DESCRIBE_EXIT_CODES, DESCRIBE_OPTIONS } from '../../describe/options.ts';
import { serviceText } from '../../describe/text.ts';
import { EXIT } from '../../exit.ts';
import { printDocument } from '../../output.ts';

export const describeService = defineCommand({
  summary: 'Tells what is configured for a service: ports, DestinationRule and VirtualServices, each with its place.',
  examples: [
    ['heddle describe service web.shop', 'of the cluster'],
    ['heddle describe service web -f k8s/ -o json', 'of files, for scripts'],
  ],
  arguments: [{ name: 'SERVICE', summary: 'NAME[.NAMESPACE], or a host', required: true }],
  options: DESCRIBE_OPTIONS,
  formats: ['text', 'json', 'yaml'],
  exitCodes: DESCRIBE_EXIT_CODES,
  notes: ['A DestinationRule is the one in force for clients in the namespace of the service.'],
  seeAlso: ['heddle describe pod', 'heddle tls-check'],
  run: async (context, [name = ''], { namespace, ...options }) => {
    const { view } = await loadMeshOf(context, options);
    const described = createDescriber(view).describeService(findService(view, name, namespace));
    await printDocument(context, { kind: 'ServiceDescription', ...described }, () => serviceText(described));
    return EXIT.ok;
  },
});

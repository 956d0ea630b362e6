import { waypointGateway } from '../../../cluster/waypoints.ts';
import { printYaml } from '../../../yaml/print.ts';
import { defineCommand, text } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { SHAPE_FLAGS, shapeOf } from '../../waypoint/flags.ts';

export const waypointGenerate = defineCommand({
  summary: 'Prints the Gateway of a waypoint; asks no cluster.',
  examples: [
    ['heddle waypoint generate -n shop', 'the YAML of a waypoint of namespace shop'],
    ['heddle waypoint generate --name edge --for all -o json', 'for all traffic, as JSON'],
  ],
  options: { ...SHAPE_FLAGS, namespace: text('-n, --namespace <name>', 'the namespace it is for') },
  formats: ['yaml', 'json'],
  seeAlso: ['heddle waypoint apply'],
  run: async (context, _args, options) => {
    const gateway = waypointGateway(shapeOf(options, options.namespace));
    context.out.write(context.format === 'json' ? `${JSON.stringify(gateway, null, 2)}\n` : printYaml(gateway));
    return EXIT.ok;
  },
});

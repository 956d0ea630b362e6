import { Fault } from '../../base/fault.ts';
import { CLUSTER_EXIT_CODES } from '../cluster/flags.ts';
import { MESH_FLAGS } from '../cluster/load-mesh-of.ts';
import { defineCommand, flag, integer, text, texts } from '../command.ts';
import { POD_OPTIONS } from '../proxy-config/options.ts';

const METHOD = /^[A-Z]+$/;

export const explain = defineCommand({
  summary: 'Says why a request goes where it goes, from files alone; or shows the page of a code or response flag.',
  examples: [
    ['heddle explain GET http://reviews/ --from web -f k8s/', 'the way of one request'],
    ['heddle explain GET http://shop.com/ --gateway ingress -f k8s/', 'from outside'],
    ['heddle explain GET http://reviews/ --live web-1.shop', 'the cluster, and what the proxy has of it'],
    ["heddle explain --curl 'curl -XPOST http://reviews/' -f k8s/", 'a pasted command'],
    ['heddle explain flag UF,URX', "what Envoy's response flags mean"],
    ['heddle explain IST0101', 'the page of a code of heddle analyze'],
  ],
  arguments: [{ name: 'WHAT', summary: 'METHOD URL, a code, or: flag FLAGS', variadic: true }],
  options: {
    filename: texts('-f, --filename <path>', 'configuration: a file, directory, pattern, or -; repeatable'),
    from: text('--from <workload>', 'who asks: WORKLOAD, NAMESPACE/WORKLOAD, NAMESPACE/SERVICE-ACCOUNT or outside'),
    fromIp: text('--from-ip <ip>', 'the address of a client outside of the mesh, for policies that ask for it'),
    gateway: text('--gateway <name>', 'send to this gateway from outside: its workload, or a Gateway'),
    header: texts('-H, --header <line>', 'a header of the request; repeatable'),
    port: integer('--port <number>', 'the port to connect to', { min: 1, max: 65_535 }),
    dial: text('--dial <target>', 'the address to connect to: pod:[NAMESPACE/]NAME[:PORT], IP[:PORT] or HOST[:PORT]'),
    curl: text('--curl <command>', 'the request as a curl command; nothing of it is run'),
    har: text('--har <file>', 'the request as an entry of a HAR file: FILE[#N], the first without N'),
    accessLog: text('--access-log <line>', "the request as a line of Istio's access log, text or JSON; - reads it"),
    denied: flag('--denied', 'only what policies said'),
    live: text('--live <pod>', 'send from this pod of a cluster, and compare with the routes its proxy has now'),
    ...POD_OPTIONS,
    ...MESH_FLAGS,
  },
  formats: ['pretty', 'text', 'json', 'yaml', 'mermaid'],
  exitCodes: {
    65: 'the files or the request cannot be read',
    ...CLUSTER_EXIT_CODES,
    81: 'with --live: the proxy sends the request elsewhere than the configuration says',
  },
  notes: [
    'Nothing is sent, and no cluster is asked without --use-kube and --live: the route, policies and mutual TLS are decided as the proxies of local mode decide. The application is assumed to answer 200; what chance decides has its probability.',
    "Without --from and --gateway a request to a service comes from local mode's own client in the mesh, and one to a host that only a gateway answers for comes to that gateway.",
  ],
  seeAlso: ['heddle analyze --list', 'heddle local curl --explain'],
  run: async (context, args, options) => {
    const [first = '', second] = args;
    const isPasted = options.curl !== undefined || options.har !== undefined || options.accessLog !== undefined;
    if (isPasted || (second !== undefined && METHOD.test(first)))
      return (await import('../explain/request.ts')).explainRequest(context, args, options);
    if (first === 'flag' && second !== undefined)
      return (await import('../explain/flag-page.ts')).explainFlag(context, second);
    if (first === '' || second !== undefined)
      throw new Fault('heddle explain needs a code, METHOD and URL, or flag and its letters', {
        kind: 'usage',
        code: 'MISSING_ARGUMENT',
        hint: 'for example: heddle explain GET http://reviews/ -f k8s/',
      });
    return (await import('../explain/code-page.ts')).explainCode(context, first);
  },
});

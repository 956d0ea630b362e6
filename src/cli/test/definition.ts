import { type Definition, listOf, mapping, oneOf, text } from '../config/definition.ts';
import { schemaText } from '../config/json-schema.ts';

const oneOrMany = (description: string): Definition => ({ oneOrMany: true, description });
const whole = (description: string, minimum = 0): Definition => ({ type: 'integer', minimum, description });
const percentage = (description: string): Definition => ({ type: 'number', minimum: 0, maximum: 100, description });
const period = (description: string): Definition => ({ type: 'string', format: 'duration', description });
const mapOf = (values: Definition, description: string): Definition => ({ type: 'object', values, description });
const anyText = (description: string): Definition => ({ type: 'string', description });

const host = text('A name as in a destination: NAME, NAME.NAMESPACE or the whole name.');

const from = mapping('The client in the mesh; without it and gateway, as heddle explain chooses.', {
  namespace: text('Its namespace; alone, any workload of it. "default" for a service account without it.'),
  workload: text('The name of its workload.'),
  serviceAccount: text('The name of its service account.'),
});

const request = mapping(
  'The request; of host, path and method every combination is one case.',
  {
    host: oneOrMany('The Host header, and where the client connects to.'),
    path: oneOrMany('Path and query; / without it.'),
    method: oneOrMany('GET without it.'),
    scheme: oneOf(['http', 'https'], 'http without it.'),
    headers: mapOf(anyText('A value.'), 'Headers by name.'),
    from,
    gateway: text('The request comes from outside to this gateway: its workload, or a Gateway.'),
    port: whole('The port connected to.', 1),
    authorizers: oneOf(
      ['allow', 'deny'],
      'What authorizers of CUSTOM policies say, who are not asked; allow without it.',
    ),
  },
  ['host'],
);

const fault = mapping('What is injected.', {
  delay: mapping('A delay.', { duration: period('How long.'), percent: percentage('Of how many requests.') }),
  abort: mapping('An answer.', { status: whole('Its status.', 100), percent: percentage('Of how many requests.') }),
});

const requestClass = {
  ...mapping('Which requests of all that rules and policies of the configuration tell apart; without a key any.', {
    host: oneOrMany('The Host header without its port; * stands for any characters.'),
    path: oneOrMany('Path and query; * stands for any characters.'),
    method: oneOrMany('A method.'),
    from,
    gateway: text('Those from outside to this gateway: its workload, or * for any.'),
  }),
  minProperties: 1,
};

const expect = {
  ...mapping('What must hold; what is not named may be anything.', {
    status: whole('The answer of the mesh, or 200 assumed of the application.', 100),
    flags: text("Envoy's response flags, - for none."),
    host,
    port: whole('The port of the service.', 1),
    subset: anyText('The subset of the DestinationRule; "" for none.'),
    cluster: text("Envoy's name of the cluster."),
    weights: mapOf(percentage('Percent.'), 'Every destination, by subset, or by host where it has none.'),
    redirect: mapping('The answer is a redirect.', { code: whole('3xx.', 300), location: text('The Location.') }),
    rewritePath: text('Path and query as the application gets them.'),
    rewriteHost: text('The Host header as the application gets it.'),
    headers: mapOf(anyText('A value.'), 'Headers as the destination gets them.'),
    withoutHeaders: listOf(text('A name.'), 'Headers that the destination does not get.'),
    authz: oneOf(['allow', 'deny'], 'What policies say of a request that reaches them.'),
    policy: text('NAMESPACE/NAME of the AuthorizationPolicy that decides.'),
    timeout: period('For the whole request; 0s for none.'),
    retries: whole('Attempts after the first.'),
    mirror: mapping('A copy goes to.', { host, subset: text('Its subset.'), percent: percentage('Of requests.') }),
    fault,
  }),
  minProperties: 1,
};

/** The whole of a test file: read by the decoder, and published as a JSON Schema for editors. */
export const TEST_DEFINITION: Definition = mapping(
  'Assertions about what a mesh does with requests, for heddle test.',
  {
    files: listOf(
      text('A file, directory or pattern, relative to this file.'),
      'The configuration to test, where -f names none; the directory of this file without it.',
    ),
    coverage: mapping('What the tests must reach.', {
      failUnder: percentage('Fail below this percentage (--fail-under).'),
    }),
    tests: listOf(
      mapping('One test.', { name: text('What is true when it passes.'), request, expect }, [
        'name',
        'request',
        'expect',
      ]),
      'The tests.',
    ),
    invariants: listOf(
      {
        ...mapping(
          'What holds for every request of a class, without naming one. It has either expect or never.',
          { name: text('What is true when it holds.'), requests: requestClass, expect, never: expect },
          ['name', 'requests'],
        ),
      },
      'What holds for all requests that the rules of the configuration tell apart.',
    ),
  },
);

/** The JSON Schema of test files, as `templates/schema/heddle-test.schema.json` publishes it. */
export const testFileSchema = (): string => schemaText('heddle test', TEST_DEFINITION);

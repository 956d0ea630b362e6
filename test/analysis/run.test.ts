import { describe, expect, it } from 'vitest';
import { type Check, defineCheck, finding } from '../../src/analysis/check.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { createReferences } from '../../src/analysis/reference.ts';
import { atLeast, runChecks } from '../../src/analysis/run.ts';
import { resourceId } from '../../src/model/resource.ts';

/** Says something of every Service and Deployment there is, and of the networks. */
const everything: Check = defineCheck({
  name: 'test.Everything',
  summary: 'Finds every Service and Deployment.',
  emits: ['IST0107', 'IST0126'],
  *run({ mesh, meshNetworks }) {
    for (const kind of ['Service', 'Deployment'] as const)
      for (const resource of mesh.of(kind))
        yield finding('IST0107', resource, { annotation: resourceId(resource), wanted: 'Pod' });
    if (meshNetworks !== undefined) yield finding('IST0126', meshNetworks, { network: 'a', registry: 'b' });
  },
});

const service = (name: string, namespace: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {ports: [{port: 80}]}\n`;

const run = async (text: string, networks?: string) => {
  const loaded = await loadInput(
    [{ name: 'a.yaml', text }],
    networks === undefined ? {} : { meshNetworks: { name: 'networks.yaml', text: networks } },
  );
  return { ...loaded, findings: runChecks([everything], loaded.input) };
};

describe('runChecks', () => {
  it('answers worst first, then by code and object, whatever the order of the documents', async () => {
    const { findings } = await run(`${service('b', 'x')}---\n${service('a', 'x')}`, 'networks: {}');
    expect(findings.map(({ code, origin }) => `${code} ${origin}`)).toEqual([
      'IST0126 MeshNetworks istio-system/meshnetworks',
      'IST0107 Service x/a',
      'IST0107 Service x/b',
    ]);
  });

  it('says nothing of what a controller would create, as nobody wrote it', async () => {
    const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
`;
    const { input, findings } = await run(gateway);
    expect(input.mesh.of('Service')).toHaveLength(1);
    expect(findings).toEqual([]);
  });

  it("leaves the cluster's own namespaces alone", async () => {
    const { findings } = await run(`${service('dns', 'kube-system')}---\n${service('a', 'default')}`);
    expect(findings.map(({ origin }) => origin)).toEqual(['Service default/a']);
  });
});

describe('loadInput', () => {
  it('keeps objects with unknown fields and keys written twice, with a warning each', async () => {
    const { findings, problems } = await run(
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {colour: red, ports: [{port: 80}], type: ClusterIP, type: ClusterIP}\n',
    );
    expect(findings.map(({ origin }) => origin)).toEqual(['Service default/a']);
    expect(problems.map(({ code, severity }) => `${severity} ${code}`).sort()).toEqual([
      'warning UNKNOWN_FIELD',
      'warning YAML_DUPLICATE_KEY',
    ]);
  });

  it('keeps what a cluster would refuse but a reader can hold, with the zero value for what is missing', async () => {
    const text = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a}
spec:
  servers:
    - hosts: ["*"]
    - hosts: ["*"]
      port: {number: 70000, name: x, protocol: HTTP}
`;
    const { input, problems } = await run(text);
    const [gateway] = input.mesh.of('Gateway');
    expect(gateway?.object.spec?.servers?.map(({ port }) => port?.number)).toEqual([0, 70000]);
    expect(problems.map(({ code, severity, span }) => `${severity} ${code} ${span?.line}`)).toContain(
      'warning MISSING_FIELD 6',
    );
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('says one misspelt required field once', async () => {
    const { problems } = await run(
      'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {hots: a}\n',
    );
    expect(problems.map(({ code, hint }) => `${code}: ${hint}`)).toEqual(['UNKNOWN_FIELD: did you mean "host"?']);
  });

  it('leaves out what has no meaning at all: a wrong enum, a wrong duration, fields that exclude each other', async () => {
    const rule = (spec: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a, trafficPolicy: ${spec}}\n`;
    for (const spec of [
      '{tls: {mode: SIMPEL}}',
      '{connectionPool: {tcp: {connectTimeout: soon}}}',
      '{loadBalancer: {simple: RANDOM, consistentHash: {httpHeaderName: a}}}',
    ]) {
      const { input, problems } = await run(rule(spec));
      expect(input.mesh.of('DestinationRule')).toEqual([]);
      expect(problems.filter(({ severity }) => severity === 'error')).not.toEqual([]);
    }
  });

  it('leaves out what has a wrong type and what is no YAML, and keeps the others', async () => {
    const text = `${service('a', 'x')}---\na: [\n---\n${service('b', 'x').replace('port: 80', 'port: eighty')}---\n${service('c', 'x')}`;
    const { findings, problems } = await run(text);
    expect(findings.map(({ origin }) => origin)).toEqual(['Service x/a', 'Service x/c']);
    expect(problems.map(({ severity }) => severity)).toEqual(['error', 'error']);
  });

  it('takes a mesh configuration of its own in place of the one in the input', async () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "rootNamespace: a"}\n';
    const meshConfig = { name: 'mesh.yaml', text: 'trustDomain: shop.example' };
    const inside = await loadInput([{ name: 'a.yaml', text }]);
    const outside = await loadInput([{ name: 'a.yaml', text }], { meshConfig });
    expect(inside.input.mesh.config.rootNamespace).toBe('a');
    expect(outside.input.mesh.config).toMatchObject({ rootNamespace: 'istio-system', trustDomain: 'shop.example' });
  });

  it('takes mesh networks from the ConfigMap of the mesh, at their lines', async () => {
    const text = `kind: ConfigMap
apiVersion: v1
metadata: {name: istio, namespace: istio-system}
data:
  meshNetworks: |-
    # ours
    networks:
      one: {endpoints: [{fromRegistry: a}]}
  mesh: ""
`;
    const { input, problems } = await loadInput([{ name: 'a.yaml', text }]);
    expect(problems).toEqual([]);
    expect(input.meshNetworks?.object).toMatchObject({ networks: { one: { endpoints: [{ fromRegistry: 'a' }] } } });
    expect(input.meshNetworks?.span).toMatchObject({ file: 'a.yaml', line: 7, column: 5, endLine: 8 });
    const quoted = text.replace(/\|-.*\]\}\n/s, '"networks: {}"\n');
    expect((await loadInput([{ name: 'a.yaml', text: quoted }])).input.meshNetworks?.span.line).toBe(5);
  });

  it('locates what is wrong with a mesh configuration in its file', async () => {
    const { problems } = await loadInput([], { meshConfig: { name: 'mesh.yaml', text: 'a: 1\ntrustDomain: [x]\n' } });
    expect(problems.map(({ span, severity }) => `${severity} ${span?.file}:${span?.line}`)).toContain(
      'error mesh.yaml:2',
    );
  });
});

describe('createReferences', () => {
  it.each([
    ['the first line of the file', service('a', 'x'), 1],
    ['the comment a document begins with', `# first\n\n${service('a', 'x')}`, 1],
    ['the line behind ---', `# other\n---\n# own\n${service('a', 'x')}`, 3],
    ['the line behind the last ---', `${service('z', 'kube-system')}---\n\n${service('a', 'x')}`, 6],
  ])('names %s', async (_name, text, line) => {
    const { findings, documents } = await run(text);
    expect(findings.map(createReferences(documents))).toEqual([line]);
  });

  it("names a field's own line", async () => {
    const { input, documents } = await run(service('a', 'x'));
    const [resource] = input.mesh.of('Service');
    if (resource === undefined) throw new Error('no service');
    const found = finding('IST0107', resource, { annotation: 'a', wanted: 'b' }, { in: resource.object, key: 'spec' });
    expect(createReferences(documents)(found)).toBe(4);
  });
});

describe('atLeast', () => {
  it('orders error, warning, info', () => {
    expect(atLeast('error', 'warning')).toBe(true);
    expect(atLeast('warning', 'warning')).toBe(true);
    expect(atLeast('info', 'warning')).toBe(false);
  });
});

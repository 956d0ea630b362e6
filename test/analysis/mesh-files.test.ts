import { describe, expect, it } from 'vitest';
import { loadInput } from '../../src/analysis/input.ts';

const told = async (options: Parameters<typeof loadInput>[1], text = ''): Promise<readonly string[]> => {
  const { problems } = await loadInput([{ name: 'in.yaml', text }], options);
  return problems.map(
    ({ severity, code, message, span, hint }) =>
      `${severity} ${code} ${span?.file}:${span?.line}:${span?.column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
};

describe('a file of mesh networks', () => {
  const read = (text: string) => told({ meshNetworks: { name: 'networks.yaml', text } });

  it('is taken as Istio defines it', async () => {
    const text = `networks:
  east:
    endpoints: [{fromRegistry: Kubernetes}, {from_cidr: 10.0.0.0/8}]
    gateways: [{address: 1.2.3.4, port: 15443}, {registryServiceName: east.istio-system.svc.cluster.local, port: 443}]
`;
    expect(await read(text)).toEqual([]);
  });

  it('has unknown fields and wrong types told where they stand', async () => {
    const text = `networks:
  east:
    endpoint: []
    endpoints:
      - fromRegistri: Kubernetes
    gateways:
      - {address: 1.2.3.4, port: high}
`;
    expect(await read(text)).toEqual([
      'warning UNKNOWN_FIELD networks.yaml:3:5 mesh networks: unknown field "networks.east.endpoint" (did you mean "endpoints"?)',
      'warning UNKNOWN_FIELD networks.yaml:5:9 mesh networks: unknown field "networks.east.endpoints[0].fromRegistri" (did you mean "fromRegistry"?)',
      expect.stringMatching(
        /^error WRONG_TYPE networks.yaml:7:34 mesh networks: networks.east.gateways\[0\].port must be/,
      ),
    ]);
  });

  it('is checked inside the ConfigMap of the mesh as well', async () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  meshNetworks: |
    networks:
      east: {endpont: []}
`;
    expect(await told({}, text)).toEqual([
      'warning UNKNOWN_FIELD in.yaml:7:14 mesh networks: unknown field "networks.east.endpont" (did you mean "endpoints"?)',
    ]);
  });
});

describe('a mesh configuration', () => {
  const MISTAKES = [
    ['rootNamespac: mesh', 'warning UNKNOWN_FIELD', 'unknown field "rootNamespac" (did you mean "rootNamespace"?)'],
    ['accessLogEncoding: XML', 'error', 'accessLogEncoding'],
    ['enableAutoMtls: maybe', 'error WRONG_TYPE', 'enableAutoMtls must be'],
    ['connectTimeout: 10', 'error', 'connectTimeout'],
    ['defaultConfig: {concurrency: many}', 'error WRONG_TYPE', 'defaultConfig.concurrency must be'],
  ] as const;

  it.each(MISTAKES)('with "%s" is told of it, in a file of its own', async (line, head, words) => {
    const problems = await told({ meshConfig: { name: 'mesh.yaml', text: `trustDomain: a.example\n${line}\n` } });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${head}.* mesh.yaml:2:`))]);
    expect(problems[0]).toContain(words);
  });

  it.each(MISTAKES)('with "%s" is told of it, in the ConfigMap of the mesh', async (line, head, words) => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: a.example
    ${line}
`;
    const problems = await told({}, text);
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${head}.* in.yaml:7:`))]);
    expect(problems[0]).toContain(words);
  });

  it('keeps what else it says when it has a field that istiod passes over', async () => {
    const text = 'trustDomain: a.example\nrootNamespac: mesh\n';
    const { input } = await loadInput([], { meshConfig: { name: 'mesh.yaml', text } });
    expect(input.mesh.config.trustDomain).toBe('a.example');
  });

  it('with a value that istiod cannot read is left out as a whole', async () => {
    const text = 'trustDomain: a.example\nenableAutoMtls: maybe\n';
    const { input } = await loadInput([], { meshConfig: { name: 'mesh.yaml', text } });
    expect(input.mesh.config.trustDomain).toBe('cluster.local');
  });
});

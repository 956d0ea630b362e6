import { describe, expect, it } from 'vitest';
import type { UpSummary } from '../../src/admin/protocol.ts';
import { factLines } from '../../src/cli/mesh/facts.ts';
import { createPrinter } from '../../src/cli/output.ts';
import { SUMMARY } from '../support/fake-mesh.ts';

const printer = (color: boolean) => createPrinter({ write: () => undefined, isTty: color, columns: undefined }, color);

const plain = async (summary: UpSummary) => factLines(summary, (await printer(false)).paint);

describe('what up says first', () => {
  it('is the stand-in, then the three facts of the example', async () => {
    expect(await plain(SUMMARY)).toEqual([
      'hello-container: hashicorp/http-echo is stood in for by heddle, images are not run',
      'Namespace example-namespace created with sidecar injection enabled',
      'Deployment hello-service running: 1 replica, its sidecar injected (namespace label istio-injection=enabled)',
      'Service hello-service exposed on port 80: http://hello-service.example-namespace.localhost:8080/',
    ]);
  });

  it('is the same words in colour', async () => {
    const coloured = factLines(SUMMARY, (await printer(true)).paint);
    expect(coloured.join('\n')).toContain('\u001b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(await plain(SUMMARY));
  });

  it('tells of what has no sidecar, no port or no URL', async () => {
    const told = await plain({
      ...SUMMARY,
      standIns: [],
      namespaces: [{ name: 'plain', injection: false, reason: 'no injection label' }],
      workloads: [
        {
          kind: 'StatefulSet',
          namespace: 'plain',
          name: 'db',
          replicas: 3,
          sidecar: { injected: false, reason: 'no injection label' },
        },
        {
          kind: 'Deployment',
          namespace: 'plain',
          name: 'web',
          replicas: 2,
          sidecar: { injected: true, reason: 'pod label sidecar.istio.io/inject=true' },
        },
      ],
      services: [
        { namespace: 'plain', name: 'db', ports: [{ name: 'tcp', port: 5432, protocol: 'TCP' }], url: '' },
        {
          namespace: 'plain',
          name: 'web',
          ports: [
            { name: 'http', port: 80, protocol: 'TCP' },
            { name: 'admin', port: 81, protocol: 'TCP' },
          ],
          url: 'http://web.plain.localhost:8080/',
        },
        { namespace: 'plain', name: 'outside', ports: [], url: '' },
      ],
      gateways: [{ namespace: 'plain', name: 'front', url: 'http://localhost:8080/' }],
    });
    expect(told).toEqual([
      'Namespace plain created without sidecar injection (no injection label)',
      'StatefulSet db running: 3 replicas, no sidecar (no injection label)',
      'Deployment web running: 2 replicas, a sidecar in each injected (pod label sidecar.istio.io/inject=true)',
      'Service db exposed on port 5432',
      'Service web exposed on ports 80, 81: http://web.plain.localhost:8080/',
      'Service outside exposed without ports',
      'Gateway front listening: http://localhost:8080/',
    ]);
  });
});

import type { LocalStatus } from '../../../admin/protocol.ts';
import { defineCommand } from '../../command.ts';
import { EXIT } from '../../exit.ts';
import { connectMesh, NO_MESH_CODES, STATE_ENVIRONMENT } from '../../mesh/connect.ts';
import { type Paint, printDocument } from '../../output.ts';
import { renderTable } from '../../table.ts';

const workloads = (status: LocalStatus, { green, yellow }: Paint): string =>
  renderTable(
    ['WORKLOAD', 'NAMESPACE', 'VERSION', 'READY', 'SIDECAR', 'APPLICATION', 'INBOUND'],
    status.items.map((item) => {
      const ready = `${item.ready}/${item.replicas}`;
      return [
        item.name,
        item.namespace,
        item.version,
        item.ready === item.replicas ? green(ready) : yellow(ready),
        item.sidecar.injected ? 'injected' : `none (${item.sidecar.reason})`,
        item.notReady === undefined ? item.application : `${item.application}: ${item.notReady}`,
        item.inbound.join(' '),
      ];
    }),
  );

const entrances = (status: LocalStatus): string => {
  const rows = [
    ...status.services.map(({ namespace, name, ports, url }) => [
      `Service ${name}`,
      namespace,
      ports.map(({ port }) => port).join(','),
      url,
    ]),
    ...status.gateways.flatMap(({ namespace, name, url, tlsUrl }) =>
      [url, ...(tlsUrl === undefined ? [] : [tlsUrl])].map((at) => [`Gateway ${name}`, namespace, '', at]),
    ),
  ];
  return rows.length === 0 ? '' : `\n${renderTable(['ENTRANCE', 'NAMESPACE', 'PORTS', 'URL'], rows)}`;
};

export const status = defineCommand({
  summary: 'Shows the running mesh: workloads, sidecars and where services listen.',
  examples: [
    ['heddle local status', 'tables of workloads and entrances'],
    ['heddle local status -o json', 'one document for scripts'],
  ],
  options: {},
  formats: ['text', 'json', 'yaml'],
  exitCodes: NO_MESH_CODES,
  environment: STATE_ENVIRONMENT,
  seeAlso: ['heddle local logs', 'heddle local curl URL'],
  run: async (context) => {
    const document = await (await connectMesh(context.io)).status();
    await printDocument(
      context,
      document,
      () => `${workloads(document, context.out.paint)}${entrances(document)}\nadmin: ${document.admin.url}\n`,
    );
    return EXIT.ok;
  },
});

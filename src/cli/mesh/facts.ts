import type { ServiceStatus, UpSummary } from '../../admin/protocol.ts';
import type { Paint } from '../output.ts';

const replicas = (count: number): string => `${count} replica${count === 1 ? '' : 's'}`;

const ports = ({ ports }: ServiceStatus): string => {
  const numbers = ports.map(({ port }) => port).join(', ');
  return `${ports.length === 1 ? 'port' : 'ports'} ${numbers}`;
};

const standIns = (summary: UpSummary): readonly string[] =>
  summary.standIns.map(
    ({ container, image }) => `${container}: ${image} is stood in for by heddle, images are not run`,
  );

const namespaces = (summary: UpSummary, { bold }: Paint): readonly string[] =>
  summary.namespaces.map(({ name, injection, reason }) =>
    injection
      ? `Namespace ${bold(name)} created with sidecar injection enabled`
      : `Namespace ${bold(name)} created without sidecar injection (${reason})`,
  );

const workloads = (summary: UpSummary, { bold }: Paint): readonly string[] =>
  summary.workloads.map(({ kind, name, replicas: count, sidecar }) => {
    const each = count === 1 ? 'its sidecar' : 'a sidecar in each';
    const proxy = sidecar.injected ? `${each} injected` : 'no sidecar';
    return `${kind} ${bold(name)} running: ${replicas(count)}, ${proxy} (${sidecar.reason})`;
  });

const services = (summary: UpSummary, { bold, cyan }: Paint): readonly string[] =>
  summary.services.map((service) => {
    const url = service.url === '' ? '' : `: ${cyan(service.url)}`;
    return service.ports.length === 0
      ? `Service ${bold(service.name)} exposed without ports${url}`
      : `Service ${bold(service.name)} exposed on ${ports(service)}${url}`;
  });

const gateways = (summary: UpSummary, { bold, cyan }: Paint): readonly string[] =>
  summary.gateways.map(({ name, url, tlsUrl }) => {
    const urls = [url, tlsUrl ?? ''].filter((own) => own !== '').map(reachedBy);
    return `Gateway ${bold(name)} listening${urls.length === 0 ? '' : `: ${urls.map(cyan).join(', ')}`}`;
  });

/** TLS asks for its server by name, which this machine may not know. */
const reachedBy = (url: string): string => {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:' || /(^|\.)localhost$/.test(hostname)) return url;
  return `${url} (curl --resolve ${hostname}:${port}:127.0.0.1)`;
};

/** What a start made of the input, one sentence per object; stand-ins first, so that nobody takes one for the image. */
export const factLines = (summary: UpSummary, paint: Paint): readonly string[] => [
  ...standIns(summary).map((line) => paint.dim(line)),
  ...namespaces(summary, paint),
  ...workloads(summary, paint),
  ...services(summary, paint),
  ...gateways(summary, paint),
];

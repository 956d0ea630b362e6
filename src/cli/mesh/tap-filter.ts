import type { TapEvent } from '../../admin/protocol.ts';
import { Fault } from '../../base/fault.ts';
import { text, texts } from '../command.ts';

/** The flags by which `local tap` and `local top` choose requests. */
export const FILTER_OPTIONS = {
  from: text('--from <workload>', 'only calls of this workload: NAME or NAME.NAMESPACE'),
  to: text('--to <workload>', 'only calls to this workload or service: NAME or NAME.NAMESPACE'),
  method: text('--method <method>', 'only requests with this method'),
  path: text('--path <prefix>', 'only requests whose path begins so'),
  authority: text('--authority <host>', 'only requests for this Host'),
  status: texts('--status <code>', 'only answers such as 503 or 5xx; repeatable'),
};

interface Filter {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authority: string | undefined;
  readonly status: readonly string[];
}

/** Whether an event is one of those asked for. Throws a usage Fault for a status that is neither a code nor a class. */
export const tapFilter = ({ from, to, method, path, authority, status }: Filter): ((event: TapEvent) => boolean) => {
  const patterns = status.map(statusPattern);
  return (event) => {
    const { source, destination } = event;
    if (from !== undefined && !isCalled(from, source.workload, source.namespace)) return false;
    if (to !== undefined && !isCalled(to, destination.workload, destination.namespace) && !isService(to, destination))
      return false;
    if (method !== undefined && event.method !== method.toUpperCase()) return false;
    if (path !== undefined && !event.path.startsWith(path)) return false;
    if (authority !== undefined && event.authority.toLowerCase() !== authority.toLowerCase()) return false;
    return patterns.length === 0 || patterns.some((pattern) => pattern.test(String(event.status)));
  };
};

const isCalled = (name: string, workload: string, namespace: string): boolean =>
  name === workload || name === `${workload}.${namespace}`;

const isService = (name: string, { service }: TapEvent['destination']): boolean =>
  service === name || service.startsWith(`${name}.`);

const statusPattern = (written: string): RegExp => {
  if (/^[0-9][0-9x][0-9x]$|^0$/i.test(written)) return new RegExp(`^${written.replace(/x/gi, '\\d')}$`);
  throw new Fault(`--status wants a code or a class, not "${written}"`, {
    kind: 'usage',
    code: 'BAD_FLAG_VALUE',
    hint: 'for example 503, 5xx, or 0 for requests without an answer',
  });
};

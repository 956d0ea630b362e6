import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { idHeader } from './http1-wire.ts';

const RECORDED_ID_HEADER = 'x-oracle-id';

/** One entry of a case's requests.json: a request, or `count` equal ones. */
export interface CaseRequest {
  readonly name?: string;
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `[NAMESPACE/]WORKLOAD`, or `outside`; `client` when absent. */
  readonly from?: string;
  /** Workload of the gateway that is sent to from outside of the mesh. */
  readonly gateway?: string;
  readonly port?: number;
  /** Overrides the address, not the Host header: `pod:[NAMESPACE/]NAME[:PORT]`, `IP[:PORT]` or `HOST[:PORT]`. */
  readonly dial?: string;
  readonly tls?: { readonly sni?: string; readonly alpn?: readonly string[] };
  readonly protocol?: 'http' | 'h2c' | 'grpc';
  readonly grpc?: { readonly service: string; readonly method: string };
  readonly count?: number;
  readonly concurrency?: number;
  readonly http10?: boolean;
  readonly sleepBefore?: string;
}

/** A host outside of the mesh that runs an echo application. */
interface External {
  readonly name: string;
  readonly ip: string;
  readonly ports: readonly number[];
  readonly version?: string;
}

export interface Case {
  readonly name: string;
  readonly config: string;
  readonly requests: readonly CaseRequest[];
  readonly externals: readonly External[];
  /** Names outside of the mesh, `*.` allowed, and their addresses. */
  readonly dns: ReadonlyMap<string, string>;
}

/** Names of all cases of a directory, in order. */
export const listCases = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'requests.json')))
    .sort();

export const readCase = (directory: string, name: string): Case => {
  const read = (file: string): string => readFileSync(join(directory, name, file), 'utf8');
  const worldFile = join(directory, name, 'world.json');
  const world = (existsSync(worldFile) ? JSON.parse(read('world.json')) : {}) as {
    readonly externals?: readonly External[];
    readonly dns?: Readonly<Record<string, string>>;
  };
  return {
    name,
    // Configurations that pass requests' ids on to an authorizer name the header that recorded requests had them in.
    config: read('config.yaml').replaceAll(RECORDED_ID_HEADER, idHeader),
    requests: JSON.parse(read('requests.json')) as readonly CaseRequest[],
    externals: world.externals ?? [],
    dns: new Map(Object.entries(world.dns ?? {})),
  };
};

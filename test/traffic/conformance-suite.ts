import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A request of the Gateway API's conformance suite and what must come of it, in the suite's own words. */
export interface Probe {
  readonly test: string;
  readonly manifests: readonly string[];
  readonly kind: 'http' | 'grpc';
  readonly from: ProbeGateway | ProbeClient | null;
  readonly expected: ProbeExpectation;
}

interface ProbeGateway {
  readonly Gateway: { readonly Name: string; readonly Namespace: string };
  readonly Listeners: readonly string[] | null;
}

/** A pod of the mesh by its labels: `app=echo,version=v1`. */
interface ProbeClient {
  readonly Client: string;
  readonly Namespace: string;
}

interface ProbeRequest {
  /** Null where it is computed. */
  readonly Host?: string | null;
  readonly Method?: string;
  readonly Path?: string;
  readonly Headers?: Readonly<Record<string, string>>;
}

interface ProbeExpectation {
  readonly Request?: ProbeRequest;
  readonly ExpectedRequest?: { readonly Request?: ProbeRequest; readonly AbsentHeaders?: readonly string[] };
  readonly RedirectRequest?: Readonly<Partial<Record<'Scheme' | 'Host' | 'Port' | 'Path', string>>>;
  readonly BackendSetResponseHeaders?: Readonly<Record<string, string>>;
  readonly Response?: {
    readonly StatusCode?: number;
    readonly StatusCodes?: readonly number[];
    readonly Headers?: Readonly<Record<string, string>>;
    readonly ValidHeaderValues?: Readonly<Record<string, readonly string[]>>;
    readonly AbsentHeaders?: readonly string[];
    readonly IgnoreWhitespace?: boolean;
    /** gRPC: the name of a code. */
    readonly Code?: string;
  };
  readonly MirroredTo?: readonly { readonly BackendRef: { readonly Name: string; readonly Namespace: string } }[];
  readonly Backend?: string;
  readonly Namespace?: string;
  readonly EchoRequest?: object;
  readonly EchoTwoRequest?: object;
  readonly EchoThreeRequest?: object;
  readonly RequestMetadata?: { readonly Authority?: string; readonly Metadata?: Readonly<Record<string, string>> };
}

export interface ConformanceSuite {
  readonly probes: readonly Probe[];
  /** The objects of a test, those that all tests share included. */
  readonly manifests: (probe: Probe) => string;
}

/** In the version that the Istio we follow implements. */
const MODULE = 'sigs.k8s.io/gateway-api/conformance@v1.6.0';

/** Reads the suite from Go's module cache; a sentence where Go or the module is absent. */
export const readConformanceSuite = (): ConformanceSuite | string => {
  const cache = spawnSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' });
  if (cache.status !== 0) return 'Go is not installed';
  const root = join(cache.stdout.trim(), MODULE);
  if (!existsSync(root)) return `Go's module cache lacks the suite (go mod download ${MODULE})`;
  const cwd = resolve(import.meta.dirname, '../oracle/gateway-api');
  const output = execFileSync('go', ['run', '.', root], { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  const read = (name: string): string => readFileSync(join(root, name), 'utf8');
  return {
    probes: output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Probe),
    manifests: ({ from, manifests }) => {
      const shared = from !== null && 'Client' in from ? 'mesh/manifests.yaml' : 'base/manifests.yaml';
      return [shared, ...manifests]
        .map(read)
        .join('\n---\n')
        .replaceAll('{GATEWAY_CLASS_NAME}', 'istio')
        .replaceAll(/^( +)gateway-conformance: mesh/gm, '$1istio-injection: enabled\n$&');
    },
  };
};

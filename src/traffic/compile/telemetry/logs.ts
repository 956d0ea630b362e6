/** Which access logs a proxy writes: what Telemetries of several levels come to, as istiod merges them. */
import type { Mesh } from '../../../model/mesh.ts';
import type { TelemetryAccessLogging } from '../../../model/schema/generated/types-istio.ts';
import type { ExtensionProviderEnvoyFileAccessLogProvider as FileProvider } from '../../../model/schema/generated/types-mesh.ts';
import { type AccessLog, compileAccessLog } from '../../../telemetry/access-log.ts';
import { compileExpression } from '../../telemetry/expression.ts';
import type { LogSink } from '../../telemetry/proxy-telemetry.ts';
import { findProvider, matchesSide, namesOf, type Side } from './providers.ts';

/** The entries of one Telemetry; the last level is the nearest to the proxy. */
type Level = readonly TelemetryAccessLogging[];

interface MergedLog {
  readonly isDisabled: boolean;
  /** CEL. */
  readonly filter: string | undefined;
}

/** The logs of one side of a proxy; undefined where no provider is named, so that the mesh configuration's own counts. */
export const compileLogs = (levels: readonly Level[], mesh: Mesh, side: Side): CompiledLogs | undefined => {
  const defaults = mesh.config.defaultProviders.accessLogging ?? [];
  const known = [...mergeLogs(levels, defaults, side)]
    .map(([name, log]) => ({ name, log, provider: findProvider(mesh, name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ provider }) => provider !== undefined && logKindOf(provider) !== undefined);
  if (known.length === 0) return undefined;
  return combine(
    known.flatMap(({ name, log, provider }) =>
      log.isDisabled || provider?.envoyFileAccessLog === undefined
        ? []
        : [toSink(name, compileFileLog(name, provider.envoyFileAccessLog, mesh), log.filter)],
    ),
  );
};

export interface CompiledLogs {
  readonly sinks: readonly LogSink[];
  readonly usesHeaders: boolean;
}

/** The log of the mesh configuration. A difference from Istio, whose default writes none: locally it shows the mesh at work. */
export const compileMeshLog = ({ config }: Mesh): CompiledLogs => {
  const { accessLogEncoding: encoding, accessLogFormat: format } = config;
  return combine([toSink('', compileAccessLog({ encoding, format }), undefined)]);
};

/** What kind of log a provider is; undefined for one that is none. */
export const logKindOf = (provider: object): 'file' | 'service' | undefined => {
  if ('envoyFileAccessLog' in provider) return 'file';
  return 'envoyOtelAls' in provider || 'envoyHttpAls' in provider || 'envoyTcpAls' in provider ? 'service' : undefined;
};

/** The provider `envoy` that every mesh has takes the mesh configuration's format where it says none. */
export const compileFileLog = (name: string, provider: FileProvider, { config }: Mesh): AccessLog => {
  const { logFormat, omitEmptyValues: omitsEmpty = false } = provider;
  if (logFormat?.labels !== undefined) {
    const isEmpty = Object.keys(logFormat.labels).length === 0;
    return compileAccessLog({ encoding: 'JSON', format: isEmpty ? '' : JSON.stringify(logFormat.labels), omitsEmpty });
  }
  if (logFormat?.text !== undefined) return compileAccessLog({ encoding: 'TEXT', format: logFormat.text, omitsEmpty });
  if (name !== 'envoy' || omitsEmpty) return compileAccessLog({ encoding: 'TEXT', format: '', omitsEmpty });
  return compileAccessLog({ encoding: config.accessLogEncoding, format: config.accessLogFormat });
};

interface FilteredSink extends LogSink {
  readonly usesHeaders: boolean;
}

const toSink = (provider: string, log: AccessLog, filter: string | undefined): FilteredSink => {
  const expression = filter === undefined ? undefined : compileExpression(filter);
  // Of an object that admission refuses nothing is compiled, so there is a filter where one is asked for.
  const compiled = expression === undefined || 'refused' in expression ? undefined : expression;
  return {
    provider,
    print: log.format,
    accepts: compiled === undefined ? () => true : (record) => compiled.evaluate(record) === true,
    usesHeaders: log.usesHeaders || compiled?.usesHeaders === true,
  };
};

const combine = (sinks: readonly FilteredSink[]): CompiledLogs => ({
  sinks,
  usesHeaders: sinks.some(({ usesHeaders }) => usesHeaders),
});

/**
 * By provider. The nearest level that names providers says which ones count; what is said of them is taken from all levels, the
 * later over the earlier. An entry without providers is about those of the entry before it.
 */
const mergeLogs = (
  levels: readonly Level[],
  defaults: readonly string[],
  side: Side,
): ReadonlyMap<string, MergedLog> => {
  const merged = new Map<string, MergedLog>();
  if (levels.length === 0) {
    for (const name of defaults) merged.set(name, { isDisabled: false, filter: undefined });
    return merged;
  }
  const filters = new Map<string, string | undefined>();
  let inScope: ReadonlySet<string> = new Set(defaults);
  for (const level of levels) {
    const entries = level.filter(({ match }) => matchesSide(match, side));
    for (const { providers, filter } of entries) {
      for (const name of namesOf(providers)) filters.set(name, filter?.expression);
    }
    const named = new Set(entries.flatMap(({ providers }) => namesOf(providers)));
    if (named.size > 0) inScope = named;
  }
  let before = defaults;
  for (const { providers, match, disabled } of levels.flat()) {
    const own = namesOf(providers);
    if (own.length > 0) before = own;
    if (!matchesSide(match, side)) continue;
    for (const name of before) {
      if (!inScope.has(name)) continue;
      const isDisabled = disabled === true;
      merged.set(name, { isDisabled, filter: isDisabled ? undefined : filters.get(name) });
    }
  }
  return merged;
};

import { Fault } from '../../base/fault.ts';
import type { Span } from '../../base/span.ts';
import { type InjectorConfig, readInjectorConfig } from '../../inject/injector-config.ts';
import { createInstallation, type Installation } from '../../inject/installation.ts';
import { readSources } from '../../input/read.ts';
import { overlay } from '../../install/values/overlay.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../model/typed/load.ts';
import { isObject } from '../../model/value.ts';
import { loadYaml } from '../../yaml/load.ts';
import type { Plain } from '../../yaml/plain.ts';
import { spanOfPath } from '../../yaml/span-of-path.ts';
import type { Io } from '../io.ts';
import { MACHINE } from '../machine/machine.ts';
import { builtInConfig, builtInMesh, builtInValues } from './built-in.ts';
import type { OperatorSettings } from './operator-settings.ts';

/** What the command line says of the installation; undefined is what heddle brings along. */
export interface InstallationFlags {
  readonly injectConfigFile: string | undefined;
  readonly meshConfigFile: string | undefined;
  readonly valuesFile: string | undefined;
  /** Its mesh configuration and values count more than those of the other files. */
  readonly operatorFileName: string | undefined;
  readonly revision: string | undefined;
  readonly nativeSidecars: boolean;
  readonly injectionPath: string | undefined;
}

/** The installation of the flags, and whether it is to act as a cluster's webhook or as istioctl without a cluster. */
export const readInstallation = async (
  flags: InstallationFlags,
  mode: 'webhook' | 'offline',
  io: Io,
): Promise<{ readonly installation: Installation; readonly config: InjectorConfig }> => {
  const operator = await readOperator(flags, io);
  const [config, meshConfig, values, structs, mesh, valuesProto] = await Promise.all([
    flags.injectConfigFile === undefined ? builtInConfig() : readConfig(flags.injectConfigFile, io),
    operator?.meshConfig ??
      (flags.meshConfigFile === undefined ? builtInMesh() : readMapping(flags.meshConfigFile, io)),
    operator?.values ?? (flags.valuesFile === undefined ? builtInValues() : readMapping(flags.valuesFile, io)),
    loadGoStructs(),
    loadMeshProto(),
    loadValuesProto(),
  ]);
  // Without a cluster, istioctl knows no aliases and no default but the sidecar.
  const choice = mode === 'webhook' ? config : { defaultTemplates: ['sidecar'], aliases: {}, injectedAnnotations: {} };
  const installation = createInstallation({
    descriptors: { structs, mesh, values: valuesProto },
    templates: config.templates,
    ...choice,
    meshConfig,
    values,
    revision: flags.revision ?? 'default',
    nativeSidecars: flags.nativeSidecars || io.env['ENABLE_NATIVE_SIDECARS'] === 'true',
    injectionPath: flags.injectionPath,
    env: (name) => io.env[name],
    platform: MACHINE,
  });
  if ('failure' in installation) {
    const hint = 'give the files of one installation: --injectConfigFile, --meshConfigFile and --valuesFile';
    throw new Fault(installation.failure, { kind: 'input', code: 'BAD_INSTALLATION', hint });
  }
  if (operator?.meshConfig !== undefined) {
    await refuseMeshConfig(installation.meshConfig, operator.file, operator.locate);
  } else if (flags.meshConfigFile !== undefined) {
    await refuseMeshConfig(installation.meshConfig, flags.meshConfigFile, (path) => spanOfPath(meshConfig, path));
  }
  return { installation, config };
};

/** What the IstioOperator says, if there is one; heddle's own templates want the values that it leaves out, too. */
const readOperator = async (
  { operatorFileName, injectConfigFile }: InstallationFlags,
  io: Io,
): Promise<OperatorSettings | undefined> => {
  if (operatorFileName === undefined) return undefined;
  // Profiles take longer to load than a pod to inject.
  const { readOperatorSettings } = await import('./operator-settings.ts');
  const operator = await readOperatorSettings(operatorFileName, io);
  const builtIn = injectConfigFile === undefined ? await builtInValues() : undefined;
  return isObject(builtIn) ? { ...operator, values: overlay(builtIn, operator.values ?? {}) } : operator;
};

/** Throws a Fault, with the place in the file, where istiod would not start with the mesh configuration. */
const refuseMeshConfig = async (settled: Plain, file: string, locate: OperatorSettings['locate']): Promise<void> => {
  const { reviewMeshConfigValue } = await import('../../analysis/validate/mesh-config-value.ts');
  const refused = reviewMeshConfigValue(settled).find(({ severity }) => severity === 'error');
  if (refused === undefined) return;
  // What is missing has no place of its own.
  const span = locate(refused.path) ?? locate(refused.path.slice(0, -1));
  throw new Fault(`${placeOf(file, span)}: ${refused.message}`, {
    kind: 'input',
    code: 'BAD_MESH_CONFIG',
    hint: 'correct the mesh configuration; istiod does not start with it',
  });
};

const placeOf = (path: string, span: Span | undefined): string =>
  span === undefined ? path : `${path}:${span.line}:${span.column}`;

const readConfig = async (path: string, io: Io): Promise<InjectorConfig> => {
  const [source] = await readSources([path], io);
  return readInjectorConfig(source ?? { name: path, text: '' });
};

const readMapping = async (path: string, io: Io): Promise<unknown> => {
  const [source] = await readSources([path], io);
  const { documents, problems } = loadYaml(source ?? { name: path, text: '' });
  const [problem] = problems;
  if (problem !== undefined) {
    throw new Fault(`${placeOf(path, problem.span)}: ${problem.message}`, {
      kind: 'input',
      code: problem.code,
      hint: problem.hint ?? 'correct the file',
    });
  }
  return documents[0]?.value ?? {};
};

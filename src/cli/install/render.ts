import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { hasErrors, type Problem } from '../../base/problem.ts';
import { readSources } from '../../input/read.ts';
import { OFFLINE } from '../../install/chart/capabilities.ts';
import type { Platform } from '../../install/chart/render.ts';
import type { ManifestObject } from '../../install/manifest/object.ts';
import { inOrder } from '../../install/manifest/order.ts';
import { COMPONENTS } from '../../install/operator/components.ts';
import { generate, type Installation } from '../../install/operator/generate.ts';
import { type Inputs, installPackagePath, readInputs } from '../../install/operator/inputs.ts';
import { type OperatorPath, originOf } from '../../install/operator/origin.ts';
import type { TagCharts } from '../../install/tag/tag-objects.ts';
import { readMap } from '../../install/values/path.ts';
import type { MeshProto } from '../../model/typed/descriptor.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../model/typed/load.ts';
import { settleMeshConfig } from '../../model/typed/mesh-config.ts';
import type { Plain } from '../../yaml/plain.ts';
import type { SourceText } from '../../yaml/source-text.ts';
import type { Context } from '../command.ts';
import type { Io } from '../io.ts';
import { MACHINE } from '../machine/machine.ts';
import { printProblems } from '../report/problems.ts';
import { readTree } from './tree.ts';

/** What the flags of an installation were given. */
export interface InstallRequest {
  readonly filename: readonly string[];
  readonly set: readonly string[];
  readonly revision: string | undefined;
  readonly manifests: string | undefined;
  readonly charts: string | undefined;
  readonly force: boolean;
  readonly component: readonly string[];
  readonly filter: readonly string[];
}

/** What is known of the cluster that an installation is rendered for. */
export interface RenderTarget {
  /** `v1.36.1`. */
  readonly kubeVersion: string;
  /** Settings over the profile and below what the user says. */
  readonly detected: readonly string[];
}

/** Without a cluster: the oldest one, of no platform. */
const NOWHERE: RenderTarget = { kubeVersion: OFFLINE.kubeVersion, detected: [] };

/** This machine, with that cluster beside it. */
export const platformOf = ({ kubeVersion }: RenderTarget): Platform => ({ ...MACHINE, cluster: { kubeVersion } });

/** The operator files and settings of a command line; the flags are settings, too. */
export const readRequest = async (
  request: Omit<InstallRequest, 'force' | 'component' | 'filter'>,
  io: Io,
  detected: readonly string[] = [],
): Promise<{ readonly inputs: Inputs; readonly sources: readonly SourceText[] }> => {
  const paths = request.filename.flatMap((each) => each.split(',')).filter((each) => each !== '');
  const sources = paths.length === 0 ? [] : await readSources(paths, { stdin: io.stdin, cwd: io.cwd });
  const manifests = request.manifests ?? request.charts;
  const { revision } = request;
  const sets = [
    ...request.set,
    ...(manifests === undefined ? [] : [`installPackagePath=${manifests}`]),
    ...(revision === undefined || revision === '' || revision === 'default' ? [] : [`revision=${revision}`]),
  ];
  return { inputs: readInputs(sources, sets, detected), sources };
};

const componentNames = (request: InstallRequest): readonly string[] => {
  const known = COMPONENTS.map(({ name }) => name);
  return [...request.component, ...request.filter].map((given) => {
    const found = known.find((name) => name.toLowerCase() === given.toLowerCase());
    if (found !== undefined) return found;
    const near = suggest(given, known);
    throw new Fault(`there is no component "${given}"`, {
      kind: 'usage',
      code: 'NO_SUCH_COMPONENT',
      hint: near === undefined ? `the components are ${known.join(', ')}` : `did you mean ${near}?`,
    });
  });
};

/** An installation, and the charts it was made from. */
export interface Rendered {
  readonly installation: Installation;
  readonly charts: TagCharts;
}

/** Renders what a command line asks for and tells its warnings; throws a Fault after telling what is wrong with it. */
export const renderFor = async (target: RenderTarget, request: InstallRequest, context: Context): Promise<Rendered> => {
  const components = componentNames(request);
  const { inputs, sources } = await readRequest(request, context.io, target.detected);
  refuse(inputs.problems, sources, context);
  const [tree, structs, mesh, values] = await Promise.all([
    readTree(installPackagePath(inputs), context.io),
    loadGoStructs(),
    loadMeshProto(),
    loadValuesProto(),
  ]);
  const charts = { tree, descriptors: { structs, mesh, values }, platform: platformOf(target) };
  const options = { force: request.force, components };
  const installation = generate(tree, inputs, charts.descriptors, charts.platform, options);
  refuse(installation.problems, sources, context);
  refuse(await meshConfigProblems(installation.operator, inputs, mesh, request.force), sources, context);
  return { installation, charts };
};

/** What istiod would have against the mesh configuration, each where the user wrote it. */
const meshConfigProblems = async (
  operator: Plain,
  inputs: Inputs,
  proto: MeshProto,
  force: boolean,
): Promise<readonly Problem[]> => {
  const given = readMap(operator, 'spec.values.meshConfig');
  if (given === undefined) return [];
  // Its rules are many, and most commands do without them.
  const { reviewMeshConfigValue } = await import('../../analysis/validate/mesh-config-value.ts');
  return reviewMeshConfigValue(settleMeshConfig(proto, given).value).map(({ severity, message, path }) => ({
    severity: force ? 'warning' : severity,
    code: severity === 'error' ? 'BAD_VALUE' : 'WARNED',
    message: `meshConfig: ${message}`,
    ...meshConfigOrigin(inputs, path),
  }));
};

/** Where the user wrote a part of the mesh configuration, or the nearest that holds it. */
const meshConfigOrigin = (inputs: Inputs, path: OperatorPath): Pick<Problem, 'span' | 'resource'> => {
  for (let depth = path.length; depth >= 0; depth--) {
    for (const root of [
      ['spec', 'meshConfig'],
      ['spec', 'values', 'meshConfig'],
    ]) {
      const origin = originOf(inputs, [...root, ...path.slice(0, depth)]);
      if (Object.keys(origin).length > 0) return origin;
    }
  }
  return {};
};

/** The same without a cluster. */
export const renderInstallation = async (request: InstallRequest, context: Context): Promise<Installation> =>
  (await renderFor(NOWHERE, request, context)).installation;

/** All objects of an installation in the order in which they are applied. */
export const objectsOf = ({ components }: Installation): readonly ManifestObject[] =>
  inOrder(components.flatMap(({ objects }) => objects));

const isUnparsable = ({ code }: Problem): boolean => code.startsWith('YAML_');

/** Prints problems; with an error among them throws the Fault that ends the command. */
export const refuse = (problems: readonly Problem[], sources: readonly SourceText[], context: Context): void => {
  if (!context.quiet || hasErrors(problems)) printProblems(problems, sources, context.err);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new Fault(`the installation cannot be rendered: ${first.message}${more}`, {
    kind: errors.some(isUnparsable) ? 'input' : 'failure',
    code: first.code,
    ...(first.hint !== undefined && { hint: first.hint }),
  });
};

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helmFunctions } from '../../src/template/functions/helm.ts';
import { helmExecutionError, helmParseError } from '../../src/template/functions/helm-error.ts';
import { type InjectorPlatform, injectorFunctions } from '../../src/template/functions/istio.ts';
import { environmentFunctions } from '../../src/template/functions/sprig/environment.ts';
import { mergeMaps } from '../../src/template/functions/sprig/merge.ts';
import { sprigFunctions } from '../../src/template/functions/sprig.ts';
import { functionTable } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, type Rendering, render } from '../../src/template/template.ts';
import { type GoMethod, type GoType, pointerTo, STRING, STRING_SLICE, sliceOf } from '../../src/template/type.ts';
import {
  anyMap,
  fromPlain,
  GoMap,
  type GoPointer,
  GoSlice,
  type GoStruct,
  type GoValue,
  int,
} from '../../src/template/value.ts';
import { loadYaml } from '../../src/yaml/load.ts';

const file = resolve(import.meta.dirname, '../../../shared/corpus/template/cases.jsonl');

interface Recorded {
  readonly name: string;
  readonly engine: 'sprig' | 'helm' | 'inject';
  readonly template: string;
  readonly dataYaml: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly out: string;
  readonly err?: string;
}

const cases = existsSync(file)
  ? readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded)
  : [];

const structType = <T extends GoStruct>(name: string): GoType<T> => ({ kind: 'struct', name, fields: [] });

const platform: InjectorPlatform = {
  env: () => undefined,
  protoToJson: () => '{}',
  otelResourceAttributes: () => '',
  types: {
    objectMeta: structType('v1.ObjectMeta'),
    containers: sliceOf(structType('v1.Container')),
    meshConfig: pointerTo(structType('v1alpha1.MeshConfig')),
    duration: pointerTo(structType('durationpb.Duration')) as GoType<GoPointer>,
  },
};

/** When the answers were recorded. */
const NOW = Date.UTC(2026, 10, 22);
const sprig = sprigFunctions({ now: () => NOW, localZone: () => 'UTC', random: () => new Uint8Array() });
const FUNCTIONS = {
  sprig: functionTable(
    sprig,
    environmentFunctions(() => undefined),
  ),
  helm: functionTable(sprig, helmFunctions),
  inject: functionTable(sprig, injectorFunctions(platform)),
};

const dataOf = (text: string): GoMap => {
  const value = fromPlain(loadYaml({ name: 'data.yaml', text }).documents[0]?.value ?? {});
  return value instanceof GoMap ? value : anyMap();
};

const oneText = (call: (receiver: unknown, text: string) => boolean | string): GoMethod => ({
  params: [STRING],
  variadic: false,
  call: (receiver, [text]) => call(receiver, String(text)),
});

const NO_VERSIONS: GoType<GoSlice> = {
  ...STRING_SLICE,
  name: 'common.VersionSet',
  methods: new Map([['Has', oneText(() => false)]]),
};

const NO_FILES: GoType<GoMap> = {
  kind: 'map',
  name: 'engine.files',
  elem: STRING,
  key: STRING,
  methods: new Map([['Get', oneText(() => '')]]),
};

const FILE = 't/templates/t.yaml';

/** What a chart of one template sees: its own values under the user's. */
const chartData = ({ dataYaml, files }: Recorded): GoMap => {
  const values = dataOf(dataYaml);
  mergeMaps(values, dataOf(files?.['values.yaml'] ?? ''), false);
  const plain = fromPlain({
    Chart: { Name: 't', Version: '1.2.3', AppVersion: '4.5.6' },
    Subcharts: {},
    Template: { Name: FILE, BasePath: 't/templates' },
  });
  const kubeVersion = fromPlain({ Version: 'v1.30.0', GitVersion: 'v1.30.0', Major: '1', Minor: '30' });
  return anyMap(
    new Map<string, GoValue>([
      ...(plain instanceof GoMap ? (plain.entries ?? []) : []),
      ['Values', values],
      ['Files', new GoMap(NO_FILES, new Map())],
      [
        'Release',
        anyMap(
          new Map<string, GoValue>([
            ['Service', 'Helm'],
            ['Name', 'r'],
            ['Revision', int(1)],
          ]),
        ),
      ],
      [
        'Capabilities',
        anyMap(
          new Map<string, GoValue>([
            ['KubeVersion', kubeVersion],
            ['APIVersions', new GoSlice(NO_VERSIONS, [])],
          ]),
        ),
      ],
    ]),
  );
};

const run = (recorded: Recorded): Rendering => {
  const isHelm = recorded.engine === 'helm';
  const name = isHelm ? FILE : 'inject';
  const functions = FUNCTIONS[recorded.engine];
  const templates = createTemplates(isHelm ? 'gotpl' : name, { functions, missingKey: isHelm ? 'zero' : 'default' });
  const refusal = parseTemplate(templates, name, recorded.template);
  if (refusal !== undefined) return { error: isHelm ? helmParseError(name, refusal) : refusal };
  const rendering = render(templates, name, isHelm ? chartData(recorded) : dataOf(recorded.dataYaml));
  if (!isHelm) return rendering;
  return 'error' in rendering
    ? { error: helmExecutionError(rendering.error) }
    : { output: rendering.output.replaceAll('<no value>', '') };
};

describe.skipIf(cases.length === 0)('recorded answers of Go’s engines', () => {
  it.each(['sprig', 'helm', 'inject'] as const)('are ours: %s', (engine) => {
    const different = cases
      .filter((recorded) => recorded.engine === engine)
      .flatMap((recorded) => {
        const ours = run(recorded);
        const wanted = recorded.err === undefined ? { output: recorded.out } : { error: recorded.err };
        return JSON.stringify(ours) === JSON.stringify(wanted) ? [] : [{ ...recorded, dataYaml: '', ours }];
      });
    expect(different.slice(0, 5), `${different.length} differ`).toEqual([]);
  });
});

import { isObject } from '../../model/value.ts';
import { STRING_MAP } from '../../template/type.ts';
import { anyMap, anySlice, fromPlain, GoMap, type GoValue } from '../../template/value.ts';
import type { Plain } from '../../yaml/plain.ts';

/** Texts of Chart.yaml by the names that templates have for them. */
const TEXTS: Readonly<Record<string, string>> = {
  Name: 'name',
  Home: 'home',
  Version: 'version',
  Description: 'description',
  Icon: 'icon',
  APIVersion: 'apiVersion',
  Condition: 'condition',
  Tags: 'tags',
  AppVersion: 'appVersion',
  KubeVersion: 'kubeVersion',
  Type: 'type',
};

const DEPENDENCY: Readonly<Record<string, string>> = {
  Name: 'name',
  Version: 'version',
  Repository: 'repository',
  Condition: 'condition',
  Alias: 'alias',
};

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const texts = (names: Readonly<Record<string, string>>, from: Plain): [string, GoValue][] =>
  Object.entries(names).map(([name, key]) => [name, textOf(from[key])]);

const maps = (value: unknown, make: (each: Plain) => Iterable<readonly [string, GoValue]>): GoValue =>
  anySlice(
    listOf(value)
      .filter(isObject)
      .map((each) => anyMap(new Map(make(each)))),
  );

/** `.Chart`: Chart.yaml under Go's names for its fields. */
export const chartMetadata = (metadata: Plain, isRoot: boolean): GoValue => {
  const { annotations } = metadata;
  const notes = isObject(annotations) ? Object.entries(annotations) : undefined;
  return anyMap(
    new Map<string, GoValue>([
      ...texts(TEXTS, metadata),
      ['Sources', fromPlain(listOf(metadata['sources']))],
      ['Keywords', fromPlain(listOf(metadata['keywords']))],
      [
        'Maintainers',
        maps(metadata['maintainers'], (each) => texts({ Name: 'name', Email: 'email', URL: 'url' }, each)),
      ],
      ['Deprecated', metadata['deprecated'] === true],
      ['Annotations', new GoMap(STRING_MAP, notes && new Map(notes.map(([key, value]) => [key, textOf(value)])))],
      [
        'Dependencies',
        maps(metadata['dependencies'], (each) => [
          ...texts(DEPENDENCY, each),
          ['Tags', fromPlain(listOf(each['tags']))],
          ['Enabled', true],
          ['ImportValues', fromPlain(listOf(each['import-values']))],
        ]),
      ],
      ['IsRoot', isRoot],
    ]),
  );
};

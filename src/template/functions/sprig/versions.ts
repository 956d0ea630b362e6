import { fixed, type TemplateFunction } from '../../functions.ts';
import { type GoMethod, type GoType, pointerTo, STRING, UINT64 } from '../../type.ts';
import { GoInt, GoPointer, GoStruct, type GoValue } from '../../value.ts';
import { goInt } from './make.ts';
import { compareVersions, parseVersion, printVersion, satisfies, type Version } from './semver.ts';

const versions = new WeakMap<GoStruct, Version>();
const ZERO = parseVersion('0.0.0');

const versionOf = (value: GoValue): Version => {
  const struct = value instanceof GoPointer ? (value.target ?? null) : value;
  return (struct instanceof GoStruct ? versions.get(struct) : undefined) ?? ZERO;
};

const getter = (read: (version: Version) => GoValue): GoMethod => ({
  params: [],
  variadic: false,
  call: (receiver) => read(versionOf(receiver)),
});

const next = (change: (version: Version) => Partial<Version>): GoMethod =>
  getter((version) => {
    const changed = { ...version, prerelease: '', metadata: '', ...change(version) };
    const prefix = version.original.startsWith('v') ? 'v' : '';
    return makeVersion({ ...changed, original: prefix + printVersion(changed) });
  });

const METHODS: ReadonlyMap<string, GoMethod> = new Map([
  ['String', getter(printVersion)],
  ['Major', getter(({ major }) => new GoInt(UINT64, major))],
  ['Minor', getter(({ minor }) => new GoInt(UINT64, minor))],
  ['Patch', getter(({ patch }) => new GoInt(UINT64, patch))],
  ['Prerelease', getter(({ prerelease }) => prerelease)],
  ['Metadata', getter(({ metadata }) => metadata)],
  ['IncPatch', next(({ patch, prerelease }) => ({ patch: prerelease === '' ? patch + 1n : patch }))],
  ['IncMinor', next(({ minor }) => ({ minor: minor + 1n, patch: 0n }))],
  ['IncMajor', next(({ major }) => ({ major: major + 1n, minor: 0n, patch: 0n }))],
  ['MarshalJSON', getter((version) => JSON.stringify(printVersion(version)))],
]);

const comparing = (answer: (order: number) => GoValue): GoMethod => ({
  get params() {
    return [VERSION_POINTER];
  },
  variadic: false,
  call: (receiver, [other = null]) => answer(compareVersions(versionOf(receiver), versionOf(other))),
});

const VERSION: GoType<GoStruct> = {
  kind: 'struct',
  name: 'semver.Version',
  fields: [
    ...['major', 'minor', 'patch'].map((name) => ({ name, type: UINT64 })),
    ...['pre', 'metadata', 'original'].map((name) => ({ name, type: STRING })),
  ],
  methods: METHODS,
  methodsOfPointer: new Map([
    ['Original', getter(({ original }) => original)],
    ['Compare', comparing(goInt)],
    ['Equal', comparing((order) => order === 0)],
    ['LessThan', comparing((order) => order < 0)],
    ['LessThanEqual', comparing((order) => order <= 0)],
    ['GreaterThan', comparing((order) => order > 0)],
    ['GreaterThanEqual', comparing((order) => order >= 0)],
  ]),
};
const VERSION_POINTER = pointerTo(VERSION);

function makeVersion(version: Version): GoStruct {
  const { major, minor, patch, prerelease, metadata, original } = version;
  const fields: Readonly<Record<string, bigint | string>> = {
    major,
    minor,
    patch,
    pre: prerelease,
    metadata,
    original,
  };
  const struct = new GoStruct(VERSION, (name) => {
    const value = fields[name] ?? '';
    return typeof value === 'bigint' ? new GoInt(UINT64, value) : value;
  });
  versions.set(struct, version);
  return struct;
}

/** sprig's functions on versions. */
export const versionFunctions: readonly TemplateFunction[] = [
  fixed('semver', [STRING], (text) => new GoPointer(VERSION_POINTER, makeVersion(parseVersion(text)))),
  fixed('semverCompare', [STRING, STRING], satisfies),
];
